//! One true value per type: shown in the API's description, and checked against its own schema by a test.

/// A type that can show itself.
pub trait Example {
    /// A value that could be an answer.
    fn example() -> Self;
}
