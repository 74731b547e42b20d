//! A port for a server of a test.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::{fs, io};

use parking_lot::Mutex;

/// Below the test brokers' ports (from 20,000 on) and the range that the system hands to outgoing connections (from
/// 32,768 on), so that neither takes the port of a server that is down for a moment.
const PORTS: std::ops::Range<u16> = 10_000..20_000;

/// The locks of the ports that this process gave out. They end with the process, also with a killed one.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A loopback port that is the caller's until this process ends: no other test gets it, nobody listens on it now, and a server
/// may leave it and come back.
pub fn free_port() -> io::Result<u16> {
    let locks = std::env::temp_dir().join("ledgerline-test-ports");
    fs::create_dir_all(&locks)?;
    let mut held = HELD.lock();
    for port in PORTS {
        let lock = File::options().create(true).append(true).open(locks.join(port.to_string()))?;
        // A second handle of this process is refused, too.
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            held.push(lock);
            return Ok(port);
        }
    }
    Err(io::Error::other(format!("no free port from {} to {}", PORTS.start, PORTS.end)))
}
