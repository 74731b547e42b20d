//! Facts that measure a dataset: statistics, metrics, assertions, subsets.

use crate::facts::{Assertion, ColumnMetric, Metrics, Statistics, Text};
use crate::validate::{Item, Walk};

/// `inputStatistics`, `outputStatistics`.
pub(super) fn statistics<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Statistics> {
    let (mut rows, mut bytes, mut files) = (None, None, None);
    each!(walk, item, |value| {
        RowCount => rows = walk.integer(value),
        Size => bytes = walk.integer(value),
        FileCount => files = walk.integer(value),
    });
    Some(Statistics { rows, bytes, files })
}

/// `dataQualityMetrics`.
pub(super) fn metrics<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Metrics<'a>> {
    let (mut rows, mut bytes, mut files, mut last_updated_ns, mut columns) = (None, None, None, None, None);
    each!(walk, item, |value| {
        RowCount => rows = walk.integer(value),
        Bytes => bytes = walk.integer(value),
        FileCount => files = walk.integer(value),
        LastUpdated => last_updated_ns = walk.time(value),
        ColumnMetrics => columns = walk.map(value, column),
    });
    Some(Metrics { rows, bytes, files, last_updated_ns, columns: columns.unwrap_or_default() })
}

fn column<'a>(walk: &mut Walk<'a>, field: &'a str, item: Item<'a>) -> Option<ColumnMetric<'a>> {
    let (mut nulls, mut distinct) = (None, None);
    let (mut count, mut sum, mut min, mut max) = (None, None, None, None);
    each!(walk, item, |value| {
        NullCount => nulls = walk.integer(value),
        DistinctCount => distinct = walk.integer(value),
        Count => count = walk.number(value),
        Sum => sum = walk.number(value),
        Min => min = walk.number(value),
        Max => max = walk.number(value),
    });
    Some(ColumnMetric { field, nulls, distinct, count, sum, min, max })
}

/// `dataQualityAssertions`.
pub(super) fn assertions<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Vec<Assertion<'a>>> {
    let mut assertions = None;
    each!(walk, item, |value| {
        Assertions => assertions = walk.list(value, assertion),
    });
    assertions
}

fn assertion<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Assertion<'a>> {
    let (mut assertion, mut success, mut field, mut severity) = (None, None, None, None);
    each!(walk, item, |value| {
        Assertion => assertion = walk.string(value),
        Success => success = walk.flag(value),
        Column => field = walk.string(value),
        Severity => severity = walk.string(value),
    });
    Some(Assertion { assertion: assertion?, success: success?, field, severity })
}

/// `subset`: its condition as sent.
pub(super) fn subset<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Text<'a>> {
    let mut condition = None;
    each!(walk, item, |value| {
        InputCondition => condition = self::condition(walk, value),
        OutputCondition => condition = self::condition(walk, value),
    });
    condition
}

fn condition<'a>(walk: &mut Walk<'a>, item: Item<'a>) -> Option<Text<'a>> {
    walk.pass(item);
    std::str::from_utf8(walk.value(item).raw()).ok().map(Text::cut)
}
