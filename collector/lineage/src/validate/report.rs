//! Collects the findings of one event. Owns how many are kept. Never decides a grade.

use crate::finding::{Finding, Grade};

use super::Code;

/// Findings of one event, bounded.
#[derive(Debug, Default)]
pub(crate) struct Report {
    kept: Vec<Finding>,
    left_out: usize,
    /// Position of the first reject among those kept.
    reject: Option<usize>,
}

/// Findings kept of one event; a reject is kept beyond it.
pub const FINDINGS_MAX: usize = 256;

impl Report {
    /// Adds a finding.
    #[cold]
    pub(crate) fn add(&mut self, grade: Grade, code: Code, path: String, message: String) {
        let rejects = grade == Grade::Reject && self.reject.is_none();
        if self.kept.len() >= FINDINGS_MAX && !rejects {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        if rejects {
            self.reject = Some(self.kept.len());
        }
        let message = cut(message, MESSAGE_BYTES_MAX);
        self.kept.push(Finding { grade, code: code.text().to_owned(), path, message });
    }

    /// Whether any more findings would be kept, so that their paths and sentences are worth building.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= FINDINGS_MAX
    }

    /// All findings kept and the position of the first that rejects.
    pub(crate) fn finish(mut self) -> (Vec<Finding>, Option<usize>) {
        if self.left_out > 0 {
            let message = format!("The event has {} more findings; mend those shown and look again.", self.left_out);
            let code = Code::MoreFindings.text().to_owned();
            self.kept.push(Finding { grade: Grade::Note, code, path: "$".to_owned(), message });
        }
        (self.kept, self.reject)
    }
}

const MESSAGE_BYTES_MAX: usize = 512;

/// The start of a text, at most `bytes_max` long.
pub(super) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - '…'.len_utf8()));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_bounded_number_and_the_first_reject() {
        let mut report = Report::default();
        for _ in 0..FINDINGS_MAX + 7 {
            report.add(Grade::Note, Code::NullMember, "$".into(), "x".repeat(600));
        }
        report.add(Grade::Reject, Code::MissingMember, "$.job".into(), "Send it.".into());
        report.add(Grade::Reject, Code::MissingMember, "$.run".into(), "Send it.".into());
        let (findings, reject) = report.finish();
        assert_eq!(findings.len(), FINDINGS_MAX + 2);
        assert_eq!(reject.map(|at| findings[at].path.as_str()), Some("$.job"));
        let last = findings.last().expect("one");
        assert_eq!((last.code.as_str(), last.message.contains("8 more")), ("more-findings", true));
        assert!(findings.iter().all(|finding| finding.message.len() <= MESSAGE_BYTES_MAX));
    }
}
