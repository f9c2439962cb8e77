//! The ways in one table: a row for each with what it has cost, what a second of silence costs, and how long
//! its messages took, all on one scale of time; below it what all of them cost second by second. Drawn once,
//! element by element (`chat_ui::dom`), and then written into.

use chat_ui::{
    digits,
    dom::{Drawn, draw, svg},
};
use leptos::prelude::Update;
use wasm_bindgen_futures::spawn_local;

use super::{
    clients::Clients,
    stats::{self, BAR, POINT, Stats, Typical, Way, WayStats},
    told_of,
};
use crate::{compare::words, xray::words as common};

/// The columns of figures: what stands in their attributes, and what they are.
const FIGURES: [(&str, &str); 6] = [
    ("requests", words::REQUESTS),
    ("all", words::ALL),
    ("headers", words::HEADERS),
    ("payload", words::PAYLOAD),
    ("silence", words::SILENCE),
    ("median", words::MEDIAN),
];

/// What is drawn, and written into.
pub(super) struct Table {
    rows: Vec<Row>,
    /// Of how many silent seconds one knows.
    silent_seconds: Drawn,
    /// Which ways are not told apart.
    equal: Drawn,
    lines: Vec<Drawn>,
    /// The most that a way has cost, and from when to when.
    most: Drawn,
    from: Drawn,
    to: Drawn,
}

struct Row {
    way: Way,
    row: Drawn,
    figures: [Drawn; 6],
    /// Parts of the picture of its delays: all of them, the middle half, the median, and the last.
    marks: [Drawn; 4],
    gap: Drawn,
    trouble: Drawn,
    button: Drawn,
}

impl Table {
    /// Draws it into this place.
    pub(super) fn draw(place: &Drawn, clients: Clients) -> Self {
        let silent_seconds = draw("small");
        let heads = FIGURES.map(|(name, shown)| {
            let head = head(name, shown);
            if name == "silence" { head.child(silent_seconds.clone()) } else { head }
        });
        let scale = draw("p").class("scale").attr("dir", "ltr");
        let scale = scale.children(words::SCALE.map(|at| draw("span").text(at)));
        let top = draw("tr")
            .child(head("way", words::WAY))
            .children(heads)
            .child(head("delays", words::DELAYS).child(scale))
            .child(draw("td"));
        let rows: Vec<Row> = Way::ALL.map(|way| Row::draw(way, clients)).into();
        let body = draw("tbody").children(rows.iter().map(|row| row.row.clone()));
        let table = draw("table").class("table").child(draw("thead").child(top)).child(body);
        let equal = draw("p").class("equal small");

        let lines: Vec<_> = Way::ALL.map(|way| svg("path").attr("data-way", way.token())).into();
        let picture = svg("svg").attr("viewBox", "0 0 1000 1000").attr("preserveAspectRatio", "none");
        let picture = picture.attr("aria-hidden", "true").children(lines.clone());
        let [most, from, to] = ["most", "from", "to"].map(|class| draw("span").class(class));
        let chart = draw("figure").class("chart").child(draw("figcaption").text(words::OVER_TIME));
        let axes = draw("div").attr("dir", "ltr").child(most.clone()).child(picture);
        let chart = chart.child(axes.child(from.clone()).child(to.clone()));
        place.clone().child(table).child(equal.clone()).child(chart);
        Self { rows, silent_seconds, equal, lines, most, from, to }
    }

    /// Writes what is known by now.
    pub(super) fn show(&self, stats: &Stats, rests: impl Fn(Way) -> bool) {
        let typical = stats.typical();
        for row in &self.rows {
            row.show(stats.of(row.way), typical[row.way as usize], rests(row.way));
        }
        write(&self.silent_seconds, &words::silent(stats.silent_seconds()));
        write(
            &self.equal,
            &words::equal(&typical.map(|one| one.filter(|one| one.is_shared).map(|one| one.ms))),
        );
        for (line, way) in self.lines.iter().zip(Way::ALL) {
            line.clone().attr("d", &stats.line(way));
        }
        write(&self.most, &common::bytes(stats.most()));
        if let Some([from, to]) = stats.span() {
            write(&self.from, &words::second(from));
            write(&self.to, &words::second(to));
        }
    }
}

impl Row {
    fn draw(way: Way, clients: Clients) -> Self {
        let [gap, trouble] = ["gap", "trouble"].map(|class| draw("p").class(class));
        let trouble = trouble.attr("aria-live", "polite");
        let name = draw("b").text(words::NAMES[way as usize]);
        let what = draw("p").class("small what").text(words::WHATS[way as usize]);
        let name = draw("th").attr("scope", "row").child(name).child(what);
        let figures = FIGURES.map(|(name, _)| draw("td").attr("data-figure", name));
        let marks = ["marks", "half", "median", "last"].map(|class| svg("path").class(class));
        let picture = svg("svg").attr("viewBox", "0 0 1000 120").attr("aria-hidden", "true");
        let delays = draw("td").class("delays").child(picture.children(marks.clone()));
        let button = draw("button").attr("type", "button").class("button quiet small");
        let button = button.on_click(move || match way {
            Way::Classic => spawn_local(clients.refresh()),
            _ => clients.resting.update(|resting| match resting.iter().position(|one| *one == way) {
                Some(at) => drop(resting.remove(at)),
                None => resting.push(way),
            }),
        });
        let row = draw("tr").class("way").attr("data-way", way.token());
        let row = row
            .child(name.child(gap.clone()).child(trouble.clone()))
            .children(figures.clone())
            .child(delays)
            .child(draw("td").class("control").child(button.clone()));
        Self { way, row, figures, marks, gap, trouble, button }
    }

    fn show(&self, way_stats: &WayStats, typical: Option<Typical>, rests: bool) {
        let costs = way_stats.costs;
        let told = [
            digits::number(costs.requests),
            digits::number(costs.all()),
            digits::number(costs.headers()),
            digits::number(costs.payload()),
            words::rate(way_stats.silent_second()),
            words::median(typical.map(|typical| (typical.ms, typical.is_shared))),
        ];
        self.figures.iter().zip(told).for_each(|(figure, told)| write(figure, &told));
        let delays = &way_stats.delays;
        let paths = [
            stats::marks(delays, POINT),
            typical.map(|typical| stats::stretch(typical.half)).unwrap_or_default(),
            stats::marks(typical.map(|typical| typical.ms).as_slice(), BAR),
            stats::marks(delays.last().copied().as_slice(), POINT),
        ];
        for (mark, path) in self.marks.iter().zip(paths) {
            mark.clone().attr("d", &path);
        }
        write(&self.gap, &way_stats.gap.map(super::missed).unwrap_or_default());
        write(&self.trouble, &way_stats.trouble.map(told_of).unwrap_or_default());
        let control = match (self.way, rests) {
            (Way::Classic, _) => words::REFRESH,
            (_, true) => words::GO_ON,
            (_, false) => words::REST,
        };
        write(&self.button, control);
        if self.row.0.toggle_attribute_with_force("data-rests", rests).is_err() {
            leptos::logging::warn!("a way does not show that it rests");
        }
    }
}

fn head(name: &str, shown: &str) -> Drawn {
    draw("th").attr("scope", "col").attr("data-figure", name).child(draw("span").text(shown))
}

/// Writes this, unless it stands there already: what is read out is read out once.
fn write(place: &Drawn, text: &str) {
    if place.0.text_content().as_deref() != Some(text) {
        place.0.set_text_content(Some(text));
    }
}
