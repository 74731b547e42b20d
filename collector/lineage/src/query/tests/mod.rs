//! Currency and walks against the naive model on random histories, and the shapes of answers.

mod against_model;
mod answers;
