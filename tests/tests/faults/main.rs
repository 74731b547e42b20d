//! Rows of the fault table (`docs/reliability.md`) that need nothing but one machine: processes killed, disks that fail, forget or
//! fill up, a broker's faults, forged records. Every row has one oracle outside of what it judges, and a build that is broken on
//! purpose and must be caught. `make test` runs a short slice; `make faults` runs all of it.
#![allow(clippy::unwrap_used, reason = "a failure here is the test's")]

mod broken;
mod cut;
mod kill;
mod liar;
mod oracle;
mod power;
mod pressure;
mod site;
mod source;
mod storm;
