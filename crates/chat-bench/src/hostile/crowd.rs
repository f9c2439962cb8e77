//! The crowd that the limits are not for: hundreds of people behind one address load the page with all its files
//! as browsers do, join one room, all speak at once, are all cut off at once and come back at once, and speak
//! again. Nobody may be refused, and everybody must hear everybody, once.

use std::{
    collections::HashSet,
    fmt::Write as _,
    io,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};

use super::source::{Answer, Socket, Source, text};
use crate::{
    options::SERVER_CORE,
    peer::{Kind, Programs},
};

/// How many sockets a browser opens to one host.
const BROWSER_SOCKETS: usize = 6;

/// How long a step may take, for all.
const PATIENCE: Duration = Duration::from_secs(30);

const CROWDS: [usize; 2] = [300, 600];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    WebSocket,
    /// The page's own way where no WebSocket gets through.
    Requests,
}

/// The table, and whether nobody was refused, and nothing lost.
///
/// # Errors
/// When a server cannot be started.
pub(super) fn measure(programs: &Programs) -> io::Result<(String, bool)> {
    let mut table = String::from(
        "| people | way | load, s | join, s | all speak, s | all come back, s | all speak, s | failed |\n\
         |--:|---|--:|--:|--:|--:|--:|---|\n",
    );
    let mut is_good = true;
    for people in CROWDS {
        for way in [Way::WebSocket, Way::Requests] {
            let (times, failures) = play(programs, people, way)?;
            // Twice the crowd that the defaults are for shows how much there is to spare.
            is_good &= failures.is_empty() || people > CROWDS[0];
            let times: Vec<String> = times.iter().map(|time| format!("{:.2}", time.as_secs_f64())).collect();
            let failed = match failures.first() {
                None => "nobody".to_owned(),
                Some(first) => format!("{}: {first}", failures.len()),
            };
            let row = format!("| {people} | {way:?} | {} | {failed} |", times.join(" | "));
            eprintln!("{row}");
            writeln!(table, "{row}").map_err(io::Error::other)?;
        }
    }
    Ok((table, is_good))
}

#[tokio::main(flavor = "current_thread")]
async fn play(programs: &Programs, people: usize, way: Way) -> io::Result<(Vec<Duration>, Vec<String>)> {
    let server = programs.start(Kind::Otagh, &[SERVER_CORE], &[])?;
    let source = Source::new(server.address(), [127, 0, 2, 1]);
    let mut crowd: Vec<Person> =
        (0..people).map(|number| Person::new(source.clone(), way, number, people)).collect();
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    for step in [Step::Load, Step::Join, Step::Speak, Step::Return, Step::Speak] {
        if step == Step::Return {
            crowd.iter_mut().for_each(|person| person.line = None);
        }
        let start = Instant::now();
        let mut doing = JoinSet::new();
        let all = LocalSet::new();
        for mut person in crowd.drain(..) {
            doing.spawn_local_on(
                async move {
                    let done = tokio::time::timeout(PATIENCE, person.go(step)).await;
                    let done = done.unwrap_or_else(|late| Err(late.into()));
                    (person, done)
                },
                &all,
            );
        }
        for (person, done) in all.run_until(doing.join_all()).await {
            failures.extend(done.err().map(|error| format!("{step:?}: {error}")));
            crowd.push(person);
        }
        times.push(start.elapsed());
    }
    Ok((times, failures))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Load,
    Join,
    Speak,
    Return,
}

struct Person {
    source: Source,
    way: Way,
    id: String,
    /// How many there are.
    people: usize,
    /// What a browser keeps of what it loaded the page by, until the server closes it.
    idle: Vec<Socket>,
    line: Option<Line>,
    resume: Option<Value>,
    said: usize,
    /// By their senders and ids.
    heard: HashSet<String>,
}

enum Line {
    WebSocket(Socket),
    Requests {
        /// The header line that says which conversation it is.
        secret: String,
        say: Socket,
        hear: Socket,
        /// How many lines were heard.
        after: usize,
        lines: Vec<Value>,
    },
}

impl Person {
    fn new(source: Source, way: Way, number: usize, people: usize) -> Self {
        let id = format!("p{number}");
        Self {
            source,
            way,
            id,
            people,
            idle: Vec::new(),
            line: None,
            resume: None,
            said: 0,
            heard: HashSet::new(),
        }
    }

    async fn go(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::Load => {
                self.idle = load(&self.source).await?;
                Ok(())
            }
            Step::Join | Step::Return => self.join().await,
            Step::Speak => self.speak().await,
        }
    }

    async fn join(&mut self) -> io::Result<()> {
        let mut line = Line::open(&self.source, self.way, &self.id).await?;
        line.send(&self.id, &json!({"type": "join", "resume": self.resume})).await?;
        let welcome = loop {
            let message = line.hear(&self.id).await?;
            match message["type"].as_str() {
                Some("welcome") => break message,
                Some("presence") => {}
                _ => return Err(io::Error::other(message.to_string())),
            }
        };
        if self.resume.is_some() && welcome["recovered"] != true {
            return Err(io::Error::other("not recovered"));
        }
        let part = |name: &str| welcome[name].clone();
        self.resume = Some(json!({"token": part("token"), "epoch": part("epoch"), "seq": part("seq")}));
        self.line = Some(line);
        Ok(())
    }

    /// Says one thing, and hears one of everybody.
    async fn speak(&mut self) -> io::Result<()> {
        let line = self.line.as_mut().ok_or_else(|| io::Error::other("not in"))?;
        self.said += 1;
        line.send(&self.id, &json!({"type": "say", "id": self.said.to_string(), "text": "بله"})).await?;
        while self.heard.len() < self.people * self.said {
            let message = line.hear(&self.id).await?;
            match message["type"].as_str() {
                Some("said") => {
                    let said = format!("{}/{}", message["from"], message["id"]);
                    if !self.heard.insert(said) {
                        return Err(io::Error::other("heard twice"));
                    }
                    if let Some(resume) = &mut self.resume {
                        resume["seq"] = message["seq"].clone();
                    }
                }
                Some("error") => return Err(io::Error::other(message.to_string())),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The page, then all its files by as many sockets as a browser opens, which are then idle.
async fn load(source: &Source) -> io::Result<Vec<Socket>> {
    let mut first = source.connect().await?;
    let page = good(first.get("/r/class", "Accept-Encoding: gzip, br\r\n").await?)?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let is_file = |path: &&str| path.starts_with('/') && path.contains('.') && !path.contains(' ');
    let files: HashSet<String> = page.split('"').filter(is_file).map(str::to_owned).collect();
    if files.len() < BROWSER_SOCKETS {
        return Err(io::Error::other("the page names no files; is it the release server?"));
    }
    let mut files: Vec<Vec<String>> =
        files.into_iter().fold(vec![Vec::new(); BROWSER_SOCKETS], |mut each, file| {
            each.sort_by_key(Vec::len);
            each[0].push(file);
            each
        });
    let mut loading = JoinSet::new();
    let mut sockets = vec![first];
    while let Some(files) = files.pop() {
        let mut socket = match sockets.pop() {
            Some(socket) => socket,
            None => source.connect().await?,
        };
        let source = source.clone();
        loading.spawn_local(async move {
            for file in files {
                let ask = "Accept-Encoding: gzip, br\r\n";
                let answer = match socket.get(&file, ask).await {
                    // An idle socket may be closed at any time: then browsers ask by another.
                    Err(_) => {
                        socket = source.connect().await?;
                        socket.get(&file, ask).await?
                    }
                    answer => answer?,
                };
                good(answer)?;
            }
            Ok(socket)
        });
    }
    loading.join_all().await.into_iter().collect()
}

fn good(answer: Answer) -> io::Result<Answer> {
    match answer.status {
        200 | 204 => Ok(answer),
        status => {
            Err(io::Error::other(format!("{status}: {}", String::from_utf8_lossy(&answer.body).trim())))
        }
    }
}

impl Line {
    async fn open(source: &Source, way: Way, id: &str) -> io::Result<Self> {
        Ok(match way {
            Way::WebSocket => Self::WebSocket(source.upgrade(&format!("/ws/class/{id}")).await?),
            Way::Requests => Self::Requests {
                secret: format!("Otagh-Connection: {:032x}\r\n", fastrand::u128(..)),
                say: source.connect().await?,
                hear: source.connect().await?,
                after: 0,
                lines: Vec::new(),
            },
        })
    }

    async fn send(&mut self, id: &str, message: &Value) -> io::Result<()> {
        match self {
            Self::WebSocket(socket) => socket.send(&text(message.to_string().as_bytes())).await,
            Self::Requests { secret, say, .. } => {
                let line = message.to_string();
                let head = format!("POST /http/class/{id} HTTP/1.1\r\nHost: localhost\r\n{secret}");
                say.send(format!("{head}Content-Length: {}\r\n\r\n{line}", line.len()).as_bytes()).await?;
                good(say.answer().await?).map(drop)
            }
        }
    }

    async fn hear(&mut self, id: &str) -> io::Result<Value> {
        match self {
            Self::WebSocket(socket) => {
                serde_json::from_slice(&socket.hear().await?).map_err(io::Error::other)
            }
            Self::Requests { secret, hear, after, lines, .. } => loop {
                if let Some(line) = lines.pop() {
                    return Ok(line);
                }
                let answer = good(hear.get(&format!("/http/class/{id}?after={after}"), secret).await?)?;
                let told = String::from_utf8_lossy(&answer.body).into_owned();
                for line in told.lines() {
                    lines.push(serde_json::from_str(line).map_err(io::Error::other)?);
                }
                *after += lines.len();
                lines.reverse();
            },
        }
    }
}
