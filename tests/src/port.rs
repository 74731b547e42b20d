//! A port for a server of a test.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that nothing listened on a moment ago. Another process may take it before you do:
/// let your server bind port 0 itself where it can say which one it got.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
