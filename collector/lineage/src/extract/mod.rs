//! From the tape to typed [`Facts`], in the same walk that validates. Owns which member fills which fact; one file a group of
//! facets. Never keeps a value whose type or form is wrong, never copies text that holds no escapes, never invents a value.

/// Goes through an object's members: each named one to its expression, any other is checked and passed over; then what is
/// missing is noted.
macro_rules! each {
    ($walk:ident, $item:expr, |$value:ident| { $($member:ident => $take:expr,)* }) => {{
        let mut members = $walk.members($item);
        while let Some((member, $value)) = members.next($walk) {
            match member {
                $($crate::schema::Member::$member => $take,)*
                _ => $walk.pass($value),
            }
        }
        members.close($walk);
    }};
}

mod columns;
mod custody;
mod dataset;
mod event;
mod job;
mod kind;
mod lineage;
mod merge;
mod ownership;
mod quality;
mod run;
mod storage;

pub(crate) use event::event;
