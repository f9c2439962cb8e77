//! What was measured, in words: a line for each figure in the terminal, a table for the page, and a
//! picture. It judges by the goals it is given and does not know how anything was measured.

use std::{
    fmt::{self, Write},
    fs, io,
    path::Path,
    process::Command,
};

use crate::{
    options::Options,
    peer::{Kind, Programs},
};

const BEGIN: &str = "<!-- measured: written by `cargo xtask bench` -->";
const END: &str = "<!-- end of what was measured -->";

/// The unit of closed loops.
pub(crate) const RATE: &str = "deliveries a CPU-second";

/// How far from its goal a guarded ratio may be, on a machine that is small and busy, before it is
/// taken for a regression.
const SLACK: f64 = 2.0;

/// One figure of each server, and how they compare.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// As `A16`.
    pub(crate) name: &'static str,
    pub(crate) what: String,
    /// Of what the figures are.
    pub(crate) unit: &'static str,
    /// The median figure of each server.
    pub(crate) figures: Vec<(Kind, f64)>,
    /// What is claimed.
    pub(crate) ratios: Vec<Ratio>,
    /// What else there is to know: how busy the generator was, above all.
    pub(crate) note: String,
}

/// A figure of ours beside another, and what it should be.
#[derive(Clone, Debug)]
pub(crate) struct Ratio {
    /// As `of Bun`.
    pub(crate) to: String,
    /// The median of the rounds' ratios; or a figure with a unit of its own.
    pub(crate) value: f64,
    pub(crate) goal: Goal,
    /// Whether CI watches it.
    pub(crate) is_guarded: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Goal {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
}

impl Ratio {
    /// A ratio that is not guarded.
    pub(crate) fn new(to: impl Into<String>, value: f64, goal: Goal) -> Self {
        Self { to: to.into(), value, goal, is_guarded: false }
    }

    pub(crate) fn is_reached(&self) -> bool {
        match self.goal {
            Goal::AtLeast(least) => self.value >= least,
            Goal::AtMost(most) => self.value <= most,
        }
    }

    fn is_within_guard(&self) -> bool {
        !self.is_guarded
            || match self.goal {
                Goal::AtLeast(least) => self.value * SLACK >= least,
                Goal::AtMost(most) => self.value <= most * SLACK,
            }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, goal) = match self.goal {
            Goal::AtLeast(goal) => ('≥', goal),
            Goal::AtMost(goal) => ('≤', goal),
        };
        let mark = if self.is_reached() { "" } else { ", NOT reached" };
        write!(f, "{} {} (goal {sign} {}{mark})", short(self.value), self.to, short(goal))
    }
}

impl Finding {
    /// Whether no guarded ratio is far from its goal.
    pub(crate) fn is_within_guard(&self) -> bool {
        self.ratios.iter().all(Ratio::is_within_guard)
    }

    fn ratios_in_words(&self) -> String {
        self.ratios.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    fn figure(&self, kind: Kind) -> String {
        let figure = self.figures.iter().find(|(of, _)| *of == kind);
        figure.map_or_else(|| "–".into(), |(_, figure)| short(*figure))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<4} {}", self.name, self.what)?;
        for (kind, figure) in &self.figures {
            writeln!(f, "     {:<13} {:>9} {}", kind.name(), short(*figure), self.unit)?;
        }
        for ratio in &self.ratios {
            writeln!(f, "     {ratio}")?;
        }
        write!(f, "     {}", self.note)
    }
}

/// Three digits, and thousands and millions by their letters.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        1e6.. => format!("{:.2} M", value / 1e6),
        1e4.. => format!("{:.0} k", value / 1e3),
        1e3.. => format!("{:.2} k", value / 1e3),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Writes the figures into the page, and a picture of them beside it.
///
/// # Errors
/// When the page has no place for them, or cannot be written.
pub(crate) fn write(page: &Path, findings: &[Finding], options: &Options) -> io::Result<()> {
    put(page, BEGIN, END, &table(findings, options))?;
    fs::write(page.with_extension("svg"), picture(findings))
}

/// Puts a table into the page, between these two marks.
///
/// # Errors
/// When the page has no such marks, or cannot be written.
pub(crate) fn put(page: &Path, begin: &str, end: &str, table: &str) -> io::Result<()> {
    let no_place = || {
        io::Error::other(format!("{}: '{begin}' and '{end}' must mark where the figures go", page.display()))
    };
    let text = fs::read_to_string(page)?;
    let (before, rest) = text.split_once(begin).ok_or_else(no_place)?;
    let (_, after) = rest.split_once(end).ok_or_else(no_place)?;
    fs::write(page, format!("{before}{begin}\n\n{table}\n{end}{after}"))
}

fn table(findings: &[Finding], options: &Options) -> String {
    let mut table = String::new();
    let shape = if options.full { "`cargo xtask bench --full`" } else { "`cargo xtask bench`" };
    let rounds = options.rounds();
    let about = about(&options.programs);
    writeln!(table, "{about}; {shape}, medians of {rounds} rounds.\n").expect(ENDLESS);
    table += "| | workload | figure | Otagh | kernel floor | Bun | FastAPI | ratios | |\n|---|---|---|---|---|---|---|---|---|\n";
    for finding in findings {
        let [otagh, floor, bun, fastapi] =
            [Kind::Otagh, Kind::Floor, Kind::Bun, Kind::FastApi].map(|kind| finding.figure(kind));
        let Finding { name, what, unit, note, .. } = finding;
        let ratios = finding.ratios_in_words();
        let row = format!(
            "| {name} | {what} | {unit} | {otagh} | {floor} | {bun} | {fastapi} | {ratios} | {note} |\n"
        );
        table += &row;
    }
    table
}

const ENDLESS: &str = "a string takes everything";

/// The day, the machine and the programs.
pub(crate) fn about(programs: &Programs) -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("a processor that does not say its name", |(_, model)| model);
    let cores = processor.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = said_by(Command::new("date").arg("+%Y-%m-%d"));
    let mut about = format!(
        "{date}; {model}, {cores} cores, Linux {}; {}",
        kernel.trim(),
        said_by(Command::new(&programs.server).arg("--version"))
    );
    if let Some(bun) = &programs.bun {
        about += &format!("; Bun {}", said_by(Command::new(bun).arg("--version")));
    }
    if let Some(python) = &programs.python {
        let versions = "import sys, fastapi, uvicorn; print('FastAPI', fastapi.__version__, 'on uvicorn', uvicorn.__version__, 'and Python', sys.version.split()[0])";
        about += &format!("; {}", said_by(Command::new(python).args(["-c", versions])));
    }
    about
}

fn said_by(command: &mut Command) -> String {
    match command.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().into(),
        Err(error) => error.to_string(),
    }
}

/// Bars of what each server delivers for a second of its processor.
fn picture(findings: &[Finding]) -> String {
    const ROW: usize = 22;
    const KINDS: [(Kind, &str); 4] =
        [(Kind::Otagh, "otagh"), (Kind::Bun, "bun"), (Kind::FastApi, "fastapi"), (Kind::Floor, "floor")];
    let is_compared = |finding: &&Finding| finding.unit == RATE && finding.figures.len() > 1;
    let rates: Vec<&Finding> = findings.iter().filter(is_compared).collect();
    let (mut bars, mut y) = (String::new(), 40);
    for finding in rates {
        let most = finding.figures.iter().map(|(_, figure)| *figure).fold(1.0, f64::max);
        writeln!(bars, r#"<text x="0" y="{}" class="head">{} · {}</text>"#, y, finding.name, finding.what)
            .expect(ENDLESS);
        y += 10;
        for (kind, class) in KINDS {
            let Some((_, figure)) = finding.figures.iter().find(|(of, _)| *of == kind) else { continue };
            let width = (figure / most * 420.0).max(2.0);
            write!(
                bars,
                r#"<text x="96" y="{ty}" class="name">{kind}</text><rect x="104" y="{y}" width="{width:.0}" height="14" rx="3" class="{class}"/><text x="{tx:.0}" y="{ty}">{figure}</text>"#,
                ty = y + 11,
                tx = 110.0 + width,
                figure = short(*figure),
            )
            .expect(ENDLESS);
            bars.push('\n');
            y += ROW;
        }
        y += 26;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 640 {y}" width="640" role="img" aria-label="Deliveries for each second of the server's processor">
<style>text{{font:12px system-ui,sans-serif;fill:#1f2933}}.head{{font-weight:600}}.name{{text-anchor:end}}.title{{font-size:13px;font-weight:600}}.otagh{{fill:#0f766e}}.bun{{fill:#c2884a}}.fastapi{{fill:#8a94a6}}.floor{{fill:#c7cdd8}}@media(prefers-color-scheme:dark){{text{{fill:#e5e9f0}}.otagh{{fill:#2dd4bf}}.floor{{fill:#4b5565}}}}</style>
<text x="0" y="16" class="title">Deliveries for each second of the server's processor</text>
{bars}</svg>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(value: f64, goal: Goal, is_guarded: bool) -> Ratio {
        Ratio { is_guarded, ..Ratio::new("of Bun", value, goal) }
    }

    #[test]
    fn missed_goal_shows_but_only_regression_fails() {
        let missed = ratio(1.0, Goal::AtLeast(1.2), true);
        assert!(!missed.is_reached() && missed.is_within_guard());
        assert_eq!(missed.to_string(), "1.00 of Bun (goal ≥ 1.20, NOT reached)");
        assert!(!ratio(0.5, Goal::AtLeast(1.2), true).is_within_guard());
        assert!(ratio(0.5, Goal::AtLeast(1.2), false).is_within_guard());
        assert!(!ratio(2.1, Goal::AtMost(1.0), true).is_within_guard());
        assert!(!ratio(f64::NAN, Goal::AtMost(1.0), true).is_within_guard(), "what was not measured");
    }

    #[test]
    fn figures_are_rounded_to_readable_length() {
        let told = [0.876, 12.34, 123.4, 2_031.0, 254_321.0, 1_234_567.0].map(short);
        assert_eq!(told, ["0.88", "12.3", "123", "2.03 k", "254 k", "1.23 M"]);
    }
}
