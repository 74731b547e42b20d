//! Currency and walks against the naive model on random histories, what is kept between walks, and the shapes of answers.

mod against_model;
mod answers;
mod kept;
