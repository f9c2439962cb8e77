//! What one client, one address and the process may have: whose address a request came from
//! ([`client_ip`]), what each address has open and may ask ([`ip_limits`]), whether a socket that was just
//! accepted may stay ([`accept_limit`]), how many files the process may open ([`fd_limit`]), and who may
//! break a connection on purpose ([`fault_access`]).

pub mod accept_limit;
pub mod client_ip;
pub mod fault_access;
pub mod fd_limit;
pub mod ip_limits;
