//! The tables: which there are, in which column family, under which first byte of the key.
//! Owns these bytes: one is named here once and never given to another table, not even after it is retired.

/// A column family: rows that are read and compressed alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Small rows that are read one by one.
    State,
    /// Rows of the graph, read one by one and in ranges.
    Graph,
    /// Event ids: point look-ups that mostly miss.
    Dedup,
    /// Leaf records, openings and tiles: appended, seldom read.
    Ledger,
    /// Bodies: appended, seldom read, compressed hardest.
    Bodies,
}

impl Family {
    /// All of them.
    pub const ALL: [Family; 5] = [Family::State, Family::Graph, Family::Dedup, Family::Ledger, Family::Bodies];

    /// Its name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Family::State => "default",
            Family::Graph => "graph",
            Family::Dedup => "dedup",
            Family::Ledger => "ledger",
            Family::Bodies => "bodies",
        }
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $byte:literal, $family:ident, $text:literal;)*) => {
        /// A table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$doc])* $name = $byte,)*
        }

        impl Table {
            /// All tables, in key order.
            pub const ALL: &'static [Table] = &[$(Table::$name),*];

            /// The column family that holds it.
            pub fn family(self) -> Family {
                match self { $(Table::$name => Family::$family,)* }
            }

            /// The column family of the table with this byte, if there is one.
            pub(crate) fn family_of_byte(byte: u8) -> Option<Family> {
                match byte { $($byte => Some(Family::$family),)* _ => None }
            }

            /// Its name in figures and messages.
            pub fn name(self) -> &'static str {
                match self { $(Table::$name => $text,)* }
            }
        }
    };
}

tables! {
    /// Format, incarnation, next offset, digest of the last record, time of the log.
    Meta = 0x01, State, "meta";
    /// Tenant name → number and ledger state.
    Tenants = 0x02, State, "tenants";
    /// Idempotency key of a control record → its leaf.
    Controls = 0x03, State, "controls";
    /// Rows that the publisher has yet to send, keyed by input offset and ordinal.
    Outbox = 0x04, State, "outbox";
    /// Per source partition: coverage and rejections since the last tick that made a leaf.
    Sources = 0x05, State, "sources";
    /// Refused events, by source position.
    Rejections = 0x06, State, "rejections";
    /// Offsets whose derivation failed.
    Faults = 0x07, State, "faults";
    /// Progress of each live source partition.
    Progress = 0x08, State, "progress";
    /// Tenant → its newest published checkpoint, signed. Written by the publisher.
    Checkpoints = 0x09, State, "checkpoints";
    /// How far the publisher has come. Written by the publisher.
    Published = 0x0a, State, "published";
    /// Refused events that no leaf covers yet, summed by tenant and source partition.
    Pending = 0x0b, State, "pending";
    /// Refused records of the running window, by reason.
    Refusals = 0x0c, State, "refusals";
    /// Keys of each tenant's tree.
    Keys = 0x0d, State, "keys";
    /// Tenant → its checkpoints with the cosignatures of witnesses. Written by whoever asks them.
    Cosigned = 0x0e, State, "cosigned";
    /// Everything that the fold keeps: runs, groups, nodes, edges, names, alerts.
    Graph = 0x20, Graph, "graph";
    /// Event id → leaf index.
    Dedup = 0x30, Dedup, "dedup";
    /// Leaf index → how often its event came again; no row: never.
    Repeats = 0x31, Dedup, "repeats";
    /// Leaf index → leaf record.
    Leaves = 0x40, Ledger, "leaves";
    /// Leaf index → opening of the commitment.
    Openings = 0x41, Ledger, "openings";
    /// Tile of the Merkle tree → its hashes.
    Tiles = 0x42, Ledger, "tiles";
    /// Leaf index → body of an event, content of a control record.
    Bodies = 0x50, Bodies, "bodies";
}

impl Table {
    /// First byte of each of its keys.
    pub fn byte(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_pinned() {
        let rows: Vec<_> =
            Table::ALL.iter().map(|t| format!("{:02x} {} {}", t.byte(), t.family().name(), t.name())).collect();
        let expected = "01 default meta\n02 default tenants\n03 default controls\n04 default outbox\n05 default sources\n\
            06 default rejections\n07 default faults\n08 default progress\n\
            09 default checkpoints\n0a default published\n0b default pending\n0c default refusals\n0d default keys\n0e default cosigned\n20 graph graph\n30 dedup dedup\n31 dedup repeats\n40 ledger leaves\n\
            41 ledger openings\n42 ledger tiles\n50 bodies bodies";
        assert_eq!(rows.join("\n"), expected, "a byte on disk is never reused");
    }
}
