//! What a client costs to download: its WebAssembly, JavaScript and CSS, as served, in each
//! encoding, against `[workspace.metadata.budget]`. Weighs the very files that the server embeds.
//! The room page is opened by all, and its budget is the one that matters; a module of the lab is
//! loaded where somebody asks for it. KiB are of 1024 bytes.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use crate::{
    metadata::{Budget, Budgets, Client, Workspace},
    site::{BROTLI, Encoding, GZIP},
    steps::{Outcome, Step},
};

pub(crate) const STEP: Step = Step {
    name: "budget",
    why: "weigh what a browser downloads to open a room, against the recorded budget",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        let weighed = workspace.clients().into_iter().map(|client| {
            let weights = weigh(workspace, &client)?;
            let budgets = client.budgets;
            let brotli = weights.iter().map(|weight| weight.brotli).sum();
            let gzip = weights.iter().map(|weight| weight.gzip).sum();
            let table = table(client.name, &weights, budgets);
            Ok((table, fits(brotli, budgets.brotli) && fits(gzip, budgets.gzip)))
        });
        let (tables, within): (Vec<_>, Vec<_>) = weighed.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let tables = tables.join("\n\n");
        ensure!(!within.contains(&false), "a client is over its budget\n{tables}");
        Ok(Outcome::done(tables))
    },
};

/// The sizes of one file in bytes.
struct Weight {
    kind: &'static str,
    plain: u64,
    brotli: u64,
    gzip: u64,
}

/// The files that a client loads before it works.
fn weigh(workspace: &Workspace, client: &Client<'_>) -> Result<Vec<Weight>> {
    let stem = workspace.site().join(workspace.package()).join(client.name);
    let size = |path: &std::path::Path| -> Result<u64> {
        let metadata = fs::metadata(path);
        Ok(metadata.with_context(|| format!("{} (run `cargo xtask build`)", path.display()))?.len())
    };
    let weight = |kind| {
        let plain = stem.with_extension(kind);
        let encoded = |encoding: Encoding| size(&encoding.path(&plain));
        Ok(Weight { kind, plain: size(&plain)?, brotli: encoded(BROTLI)?, gzip: encoded(GZIP)? })
    };
    ["wasm", "js", "css"].into_iter().map(weight).collect()
}

fn fits(bytes: u64, budget: Budget) -> bool {
    bytes <= u64::from(budget.limit_kib) * 1024
}

fn table(client: &str, weights: &[Weight], Budgets { brotli, gzip }: Budgets) -> String {
    let row = |name: &str, cells: [String; 3]| {
        format!("{name:<12}{:>10}{:>10}{:>10}", cells[0], cells[1], cells[2])
    };
    let total = Weight {
        kind: "total",
        plain: weights.iter().map(|weight| weight.plain).sum(),
        brotli: weights.iter().map(|weight| weight.brotli).sum(),
        gzip: weights.iter().map(|weight| weight.gzip).sum(),
    };
    let mut lines = vec![row(client, ["plain", "brotli", "gzip"].map(String::from))];
    lines.extend(
        weights
            .iter()
            .chain([&total])
            .map(|weight| row(weight.kind, [weight.plain, weight.brotli, weight.gzip].map(kib))),
    );
    let recorded = |of: fn(&Budget) -> u32| [String::new(), of(&brotli).to_string(), of(&gzip).to_string()];
    lines.push(row("limit", recorded(|budget| budget.limit_kib)));
    lines.push(row("goal", recorded(|budget| budget.goal_kib)));
    lines.join("\n")
}

fn kib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { limit_kib: 110, goal_kib: 95 };

    #[test]
    fn budget_counts_kib_and_includes_limit() {
        assert!(fits(110 * 1024, BUDGET));
        assert!(!fits(110 * 1024 + 1, BUDGET));
    }

    #[test]
    fn the_table_adds_up() {
        let weights = [
            Weight { kind: "wasm", plain: 4096, brotli: 2048, gzip: 3072 },
            Weight { kind: "js", plain: 1024, brotli: 512, gzip: 512 },
        ];
        let table = table("otagh", &weights, Budgets { brotli: BUDGET, gzip: BUDGET });
        assert!(table.contains("total              5.0       2.5       3.5"), "{table}");
        assert!(table.contains("limit                        110       110"), "{table}");
    }

    #[test]
    fn the_goal_is_not_above_the_limit() {
        let workspace = Workspace::read().expect("cargo metadata");
        for Budgets { brotli, gzip } in workspace.clients().into_iter().map(|client| client.budgets) {
            assert!(brotli.goal_kib <= brotli.limit_kib && gzip.goal_kib <= gzip.limit_kib);
        }
    }
}
