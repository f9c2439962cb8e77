//! How many bytes the requests of a polling session cost on the wire, counted at the socket. A socket that is
//! kept open carries the requests of different members in turn; so its [`SocketTraffic`] counts for the
//! session that the request was assigned to, from the first byte of the request line to the last byte of the
//! answer. How much of it was payload is added by the code that made the payload.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use chat_wire::Costs;
use parking_lot::Mutex;

/// What one member's requests have cost so far.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    requests: AtomicU64,
    incoming: AtomicU64,
    outgoing: AtomicU64,
    payload_in: AtomicU64,
    payload_out: AtomicU64,
}

impl Traffic {
    /// So many of the incoming bytes were payload.
    pub(crate) fn add_payload_in(&self, bytes: usize) {
        self.payload_in.fetch_add(bytes as u64, Relaxed);
    }

    /// So many of the outgoing bytes are payload.
    pub(crate) fn add_payload_out(&self, bytes: usize) {
        self.payload_out.fetch_add(bytes as u64, Relaxed);
    }

    /// The figures now. An answer that is on its way may be half in them.
    pub(crate) fn costs(&self) -> Costs {
        let (payload_in, payload_out) = (self.payload_in.load(Relaxed), self.payload_out.load(Relaxed));
        Costs {
            requests: self.requests.load(Relaxed),
            headers_in: self.incoming.load(Relaxed).saturating_sub(payload_in),
            payload_in,
            headers_out: self.outgoing.load(Relaxed).saturating_sub(payload_out),
            payload_out,
        }
    }
}

/// What counts at one socket.
#[derive(Debug, Default)]
pub struct SocketTraffic(Mutex<Exchange>);

/// The request that the socket is in, and its answer.
#[derive(Debug, Default)]
struct Exchange {
    whose: Option<Arc<Traffic>>,
    /// Bytes that came before [`SocketTraffic::assign_to`].
    incoming: u64,
    /// Bytes that went before that: the request for a body.
    outgoing: u64,
}

impl SocketTraffic {
    pub(crate) fn next_request(&self) {
        *self.0.lock() = Exchange::default();
    }

    pub(crate) fn add_in(&self, bytes: usize) {
        let mut exchange = self.0.lock();
        match &exchange.whose {
            Some(traffic) => drop(traffic.incoming.fetch_add(bytes as u64, Relaxed)),
            None => exchange.incoming += bytes as u64,
        }
    }

    pub(crate) fn add_out(&self, bytes: usize) {
        let mut exchange = self.0.lock();
        match &exchange.whose {
            Some(traffic) => drop(traffic.outgoing.fetch_add(bytes as u64, Relaxed)),
            None => exchange.outgoing += bytes as u64,
        }
    }

    /// The request that the socket is in is this one's.
    pub(crate) fn assign_to(&self, traffic: &Arc<Traffic>) {
        let mut exchange = self.0.lock();
        traffic.requests.fetch_add(1, Relaxed);
        traffic.incoming.fetch_add(std::mem::take(&mut exchange.incoming), Relaxed);
        traffic.outgoing.fetch_add(std::mem::take(&mut exchange.outgoing), Relaxed);
        exchange.whose = Some(traffic.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_traffic_counts_for_its_requester() {
        let (meter, sara, ali) =
            (SocketTraffic::default(), Arc::new(Traffic::default()), Arc::new(Traffic::default()));
        for (whose, came, went) in
            [(Some(&sara), 100, 70), (None, 40, 50), (Some(&ali), 10, 5), (Some(&sara), 1, 2)]
        {
            meter.next_request();
            meter.add_in(came);
            whose.into_iter().for_each(|whose| meter.assign_to(whose));
            meter.add_in(3);
            meter.add_out(went);
        }
        sara.add_payload_in(3);
        sara.add_payload_out(20);
        let costs = Costs { requests: 2, headers_in: 104, payload_in: 3, headers_out: 52, payload_out: 20 };
        assert_eq!(sara.costs(), costs);
        assert_eq!((ali.costs().headers_in, ali.costs().headers_out), (13, 5));
    }
}
