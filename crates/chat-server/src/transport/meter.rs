//! What a way into the room costs on the wire, as the socket counts it. A socket that is kept open
//! carries the requests of different members in turn; so its [`Meter`] counts for whoever claimed the
//! request that it is in, from the first byte of the request line to the last byte of the answer. What
//! of it was payload is told by whoever made the payload. It does not know what is said.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use chat_wire::Costs;

/// What one member has cost so far.
#[derive(Debug, Default)]
pub struct Account {
    requests: AtomicU64,
    incoming: AtomicU64,
    outgoing: AtomicU64,
    payload_in: AtomicU64,
    payload_out: AtomicU64,
}

impl Account {
    /// So much of what came was payload.
    pub fn took(&self, bytes: usize) {
        self.payload_in.fetch_add(bytes as u64, Relaxed);
    }

    /// So much of what goes is payload.
    pub fn gave(&self, bytes: usize) {
        self.payload_out.fetch_add(bytes as u64, Relaxed);
    }

    /// The figures now. An answer that is on its way may be half in them.
    pub fn costs(&self) -> Costs {
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
pub struct Meter(Mutex<Exchange>);

/// The request that the socket is in, and its answer.
#[derive(Debug, Default)]
struct Exchange {
    whose: Option<Arc<Account>>,
    /// What came before anybody claimed it.
    incoming: u64,
    /// What went before that: the request for a body.
    outgoing: u64,
}

impl Meter {
    /// Another request begins.
    pub fn begin(&self) {
        *self.exchange() = Exchange::default();
    }

    /// This much came.
    pub fn came(&self, bytes: usize) {
        let mut exchange = self.exchange();
        match &exchange.whose {
            Some(account) => drop(account.incoming.fetch_add(bytes as u64, Relaxed)),
            None => exchange.incoming += bytes as u64,
        }
    }

    /// This much went.
    pub fn went(&self, bytes: usize) {
        let mut exchange = self.exchange();
        match &exchange.whose {
            Some(account) => drop(account.outgoing.fetch_add(bytes as u64, Relaxed)),
            None => exchange.outgoing += bytes as u64,
        }
    }

    /// The request that the socket is in is this one's.
    pub fn claim(&self, account: &Arc<Account>) {
        let mut exchange = self.exchange();
        account.requests.fetch_add(1, Relaxed);
        account.incoming.fetch_add(std::mem::take(&mut exchange.incoming), Relaxed);
        account.outgoing.fetch_add(std::mem::take(&mut exchange.outgoing), Relaxed);
        exchange.whose = Some(account.clone());
    }

    fn exchange(&self) -> MutexGuard<'_, Exchange> {
        // No code that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_counts_for_whoever_the_request_is() {
        let (meter, sara, ali) =
            (Meter::default(), Arc::new(Account::default()), Arc::new(Account::default()));
        for (whose, came, went) in
            [(Some(&sara), 100, 70), (None, 40, 50), (Some(&ali), 10, 5), (Some(&sara), 1, 2)]
        {
            meter.begin();
            meter.came(came);
            whose.into_iter().for_each(|whose| meter.claim(whose));
            meter.came(3);
            meter.went(went);
        }
        sara.took(3);
        sara.gave(20);
        let costs = Costs { requests: 2, headers_in: 104, payload_in: 3, headers_out: 52, payload_out: 20 };
        assert_eq!(sara.costs(), costs);
        assert_eq!((ali.costs().headers_in, ali.costs().headers_out), (13, 5));
    }
}
