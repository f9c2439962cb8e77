//! What one client, one address and the process may have: whose address a request came from
//! ([`client_ip`]), what each address has open and may ask ([`ip_limits`]), whether a socket that was just
//! accepted may stay ([`accept_limit`]), who gives way when all places are taken ([`places`]), how many files the process may open ([`fd_limit`]), and who may
//! break a connection on purpose ([`fault_access`]).

pub(crate) mod accept_limit;
pub(crate) mod client_ip;
pub(crate) mod fault_access;
pub(crate) mod fd_limit;
pub(crate) mod ip_limits;
pub(crate) mod places;
