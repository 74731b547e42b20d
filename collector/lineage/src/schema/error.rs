//! Why schemas can't be compiled: always the fault of a schema file, never of an event.

use thiserror::Error;

/// A fault in the Avro schemas.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The text is no Avro schema, or names a type that none of the texts defines.
    #[error("not an Avro schema: {0}")]
    Avro(#[from] Box<apache_avro::Error>),
    /// A field uses what the validator has no rule for.
    #[error("{record}.{field}: {what}")]
    Field {
        /// Full name of the record.
        record: String,
        /// Name of the field; empty: the record itself.
        field: String,
        /// What is wrong and what to write instead.
        what: String,
    },
    /// One of the three events is not defined.
    #[error("no record {0} among the schemas: every event needs one")]
    NoEvent(&'static str),
}
