//! Keeps one link to an engine, for ever: connects, beats, reads what is published, and connects again. All
//! that goes wrong goes one way: the link is cut, and another is made. It deliberately knows nothing of
//! rooms beyond the channels that somebody follows.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{
    ConnectError, Fault, State,
    client::{Failure, Messages, timed_out},
    link::{Link, Shared},
    message::{parse_heard, parse_number},
    scripts,
    terms::ms,
};
use crate::Ms;

/// The pause after the first try that failed; twice as long after each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Keeps the link, of which this is the first, until it is aborted.
pub(super) async fn keep(shared: Arc<Shared>, link: Arc<Link>, messages: Messages) {
    tokio::join!(keep_linked(&shared, link, messages), tell_time(&shared));
}

/// Without anything happening, the patience may be over.
async fn tell_time(shared: &Shared) {
    let mut ticks = interval(shared.pace.beat / 4);
    loop {
        ticks.tick().await;
        shared.publish_state();
    }
}

async fn keep_linked(shared: &Shared, mut link: Arc<Link>, mut messages: Messages) {
    let at = shared.client.at();
    let mut pauses = Pauses::default();
    loop {
        let since = shared.now();
        let fault = hold(shared, &link, messages).await;
        tracing::warn!(engine = at, %fault, "engine lost; it is tried again until it is back");
        // One that comes and goes is not tried ever faster.
        if shared.now() - since >= ms(2 * LONGEST_PAUSE) {
            pauses = Pauses::default();
        }
        let (lost, term) = (shared.now(), shared.terms.lock().last_since());
        (link, messages) = connect_again(shared, &mut pauses).await;
        let (away_ms, goes_on) = (shared.now() - lost, shared.terms.lock().last_since() == term);
        tracing::info!(engine = at, away_ms, goes_on, "engine back");
    }
}

/// Holds the link until it is over.
async fn hold(shared: &Shared, link: &Arc<Link>, messages: Messages) -> Fault {
    let mut state = shared.state.subscribe();
    let fault = tokio::select! {
        fault = link.over() => fault,
        fault = beat(shared, link) => fault,
        () = listen(shared, link, messages) => Fault::Broken("the subscribed one was closed".into()),
        _ = state.wait_for(|state| *state == State::Lost) => Fault::OutOfPatience,
    };
    shared.cut(link, fault);
    link.over().await
}

/// Says at each beat that this node is there, and minds whether it hears itself.
async fn beat(shared: &Shared, link: &Arc<Link>) -> Fault {
    let keys = [shared.names.era(), shared.names.node(shared.number), shared.names.engines()];
    let (kept, echo) = (ms(shared.pace.kept).to_string(), shared.names.echo(shared.number));
    // The oldest beat of which no echo has come: when it was sent, and when it was accepted.
    let mut unheard: Option<(Ms, Ms)> = None;
    let mut ticks = interval(shared.pace.beat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let sent = shared.now();
        let answer = match shared.ask(link, &scripts::BEAT, &keys, &[&link.held, &kept, &echo]).await {
            Ok(answer) => answer,
            Err(Failure::Link(fault)) => return fault,
            Err(Failure::Question(reason)) => return Fault::Refused(reason),
        };
        let accepted = shared.now();
        match answer.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["ok", time] => match parse_number(time) {
                Ok(time) => shared.set_clock(time, sent, accepted),
                Err(error) => return Fault::Refused(error.to_string()),
            },
            ["taken"] => return Fault::NumberTaken,
            _ => return Fault::Refused(format!("a beat is answered by {answer:?}")),
        }
        shared.terms.lock().accepted(sent);
        shared.publish_state();
        unheard.take_if(|(sent, _)| link.echoed.load(Ordering::Relaxed) >= *sent);
        let (_, since) = *unheard.get_or_insert((sent, accepted));
        if accepted >= since + ms(shared.pace.echo) {
            return Fault::Deaf;
        }
    }
}

/// Gives what is published to who follows it, and waits for nobody.
async fn listen(shared: &Shared, link: &Link, mut messages: Messages) {
    let echo = shared.names.echo(shared.number);
    while let Some(message) = messages.next().await {
        if message.channel == echo {
            link.echoed.store(shared.now(), Ordering::Relaxed);
            continue;
        }
        let heard = message.text.as_deref().and_then(|text| match parse_heard(text) {
            Ok(heard) => Some(heard),
            Err(error) => {
                tracing::debug!(channel = message.channel, %error, "message is none of ours");
                None
            }
        });
        shared.followers.tell(&message.channel, heard);
    }
}

async fn connect_again(shared: &Shared, pauses: &mut Pauses) -> (Arc<Link>, Messages) {
    let mut told = None;
    loop {
        sleep(pauses.next(fastrand::f64())).await;
        match enter(shared).await {
            Ok(entered) => return entered,
            Err(error) if told.as_ref() == Some(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "engine is not back");
                told = Some(error);
            }
        }
    }
}

/// One try to connect, to hear all that is followed, and to be let in.
pub(super) async fn enter(shared: &Shared) -> Result<(Arc<Link>, Messages), ConnectError> {
    let entered = match timeout(shared.pace.connect, try_to_enter(shared)).await {
        Ok(entered) => entered,
        Err(_) => Err(shared.client.connect_error(&timed_out())),
    };
    if let Err(ConnectError::Replica { at }) = &entered {
        shared.terms.lock().cut(&Fault::Distrusted(at.clone()));
        shared.publish_state();
    }
    entered
}

async fn try_to_enter(shared: &Shared) -> Result<(Arc<Link>, Messages), ConnectError> {
    let (client, names) = (&shared.client, &shared.names);
    let failed = |failure| connect_error(client.at(), failure);
    let (connection, mut subscriptions, messages, run_id) = client.connect(shared.pace.patience).await?;
    let mut channels = shared.followers.channels();
    channels.push(names.echo(shared.number));
    subscriptions.subscribe_all(&channels).await.map_err(|fault| failed(Failure::Link(fault)))?;

    let sent = shared.now();
    let (distrusted, era, since) = {
        let mut terms = shared.terms.lock();
        // A term that is over by now is not gone on with.
        terms.state(sent);
        let era = terms.term().map(|term| term.era.clone());
        (terms.distrusted().unwrap_or_default().to_owned(), era.unwrap_or_default(), terms.last_since())
    };
    let (fresh, since, kept) =
        (format!("{:016x}", fastrand::u64(..)), since.to_string(), ms(shared.pace.kept));
    let keys = [names.era(), names.node(shared.number), names.engines()];
    let args =
        [&run_id, &fresh, &distrusted, &shared.instance, &era, &since, &kept.to_string(), &shared.part];
    let answer = connection.run(&scripts::ENTER, &keys, &args.map(String::as_str)).await.map_err(failed)?;
    let (era, since, time) = match answer.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ok", era, since, time] => (era, since, time),
        ["part", other] => {
            let (at, part) = (client.at().into(), shared.part.clone());
            return Err(ConnectError::OtherEngines { at, part, other: other.into() });
        }
        ["taken"] => {
            return Err(ConnectError::NumberTaken { at: client.at().into(), number: shared.number });
        }
        _ => return Err(failed(Failure::Question(format!("entering is answered by {answer:?}")))),
    };
    let number = |number| parse_number(number).map_err(|error| failed(Failure::Question(error.to_string())));
    let (began, time) = (number(since)?, number(time)?);
    shared.set_clock(time, sent, shared.now());
    if !shared.terms.lock().entered(era.into(), began, sent, shared.now()) {
        return Err(failed(Failure::Link(Fault::OutOfPatience)));
    }
    let link = Arc::new(Link::new(connection, era.into(), format!("{since} {}", shared.instance)));
    shared.set_link(link.clone());
    shared.followers.connected(subscriptions);
    shared.publish_state();
    Ok((link, messages))
}

fn connect_error(at: &str, failure: Failure) -> ConnectError {
    let at = at.into();
    match failure {
        Failure::Link(Fault::Distrusted(_)) => ConnectError::Replica { at },
        Failure::Link(Fault::Broken(reason)) => ConnectError::Unreachable { at, reason },
        Failure::Link(Fault::Denied(reason)) => ConnectError::Denied { at, reason },
        Failure::Link(fault) => ConnectError::Refused { at, reason: fault.to_string() },
        Failure::Question(reason) => ConnectError::Refused { at, reason },
    }
}

/// The pauses between tries, each twice as long as the one before.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    tries: u32,
}

impl Pauses {
    /// The next pause; `jitter` is between 0 and 1, so that not all nodes come back at once.
    pub(super) fn next(&mut self, jitter: f64) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.tries.min(16)).min(LONGEST_PAUSE);
        self.tries = self.tries.saturating_add(1);
        pause.mul_f64(0.5 + jitter / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_longest() {
        let mut pauses = Pauses::default();
        let taken: Vec<_> = (0..7).map(|_| pauses.next(1.0).as_millis()).collect();
        assert_eq!(taken, [100, 200, 400, 800, 1600, 3000, 3000]);
        assert_eq!(pauses.next(0.0), LONGEST_PAUSE / 2);
    }
}
