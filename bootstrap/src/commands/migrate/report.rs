//! What a person hears of a move: how far it has come, how the two stores compare, what to do next.

use crate::cli::StoreKind;
use data_encoding::HEXLOWER;
use epic_domain::moving::Tally;
use epic_inbound::move_house::{Activity, Comparison, Step};
use std::path::Path;

/// How many records go by between two lines about one kind.
const RECORDS_PER_LINE: u64 = 10_240;

/// A line about a step, unless it is one of many.
pub(super) fn step_line(step: Step) -> Option<String> {
    let Step { activity, kind, count, is_last } = step;
    let done = match activity {
        Activity::Copying => "copied",
        Activity::Comparing => "compared",
    };
    match (is_last, count) {
        (true, 0) => None,
        (true, _) => Some(format!("{done} {count} {kind}")),
        (false, _) => (count % RECORDS_PER_LINE == 0).then(|| format!("{done} {count} {kind} so far")),
    }
}

/// The two stores side by side, and the first difference of each kind.
pub(super) fn comparison_lines(comparisons: &[Comparison], from: StoreKind, to: StoreKind) -> Vec<String> {
    let heading = ["", from.name(), to.name(), "SHA-256 of all records"];
    let [kind, from, to, hash] = heading;
    let mut lines = vec![format!("{kind:<18}{from:>12}{to:>12}  {hash}")];
    for Comparison { kind, source, target, first_difference } in comparisons {
        let (kind_name, counts) = (kind.to_string(), (source.count(), target.count()));
        let verdict = match first_difference {
            None => short(source),
            Some(key) => format!(
                "{} and {}: they differ, first in {}",
                short(source),
                short(target),
                key.describe(*kind)
            ),
        };
        lines.push(format!("{kind_name:<18}{:>12}{:>12}  {verdict}", counts.0, counts.1));
    }
    lines
}

fn short(tally: &Tally) -> String {
    let digest = tally.digest();
    HEXLOWER.encode(digest.first_chunk::<8>().map_or(&digest[..], |first| first))
}

/// What remains to be done once everything has moved.
pub(super) fn what_next(to: StoreKind, data_dir: &Path, has_folder: bool) -> Vec<String> {
    let data_dir = data_dir.display();
    let mut lines = vec!["everything has moved, and nothing differs".to_owned()];
    match to {
        StoreKind::Mongodb => {
            lines.push("next: keep EPIC_STORE as it is now on every node".to_owned());
            lines.push(format!("keys stay where they are: every node needs the folder {data_dir}/keys"));
            if has_folder {
                lines.push(format!(
                    "contents stay where they are, in {data_dir}/blobs: before a second node serves, copy everything in it \
                     but the folder staging into a bucket, under the same names, and set EPIC_BLOBS; uploads under way \
                     begin anew then"
                ));
            }
            lines.push(format!(
                "the database {data_dir}/epic.db is no longer used: no server may serve from it again; put it away as a backup"
            ));
        }
        StoreKind::Sqlite => {
            lines.push("next: set EPIC_STORE=sqlite, or take it away".to_owned());
            lines.push(format!("keys and contents stay where they are; the server needs {data_dir}/keys"));
            lines.push(
                "no node may serve from the MongoDB database again; put it away as a backup".to_owned(),
            );
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::audit::Anchor;
    use epic_domain::moving::{Kind, Record};

    #[test]
    fn one_line_a_kind_and_some_in_between() {
        let step =
            |count, is_last| Step { activity: Activity::Copying, kind: Kind::EarlierContent, count, is_last };
        assert_eq!(step_line(step(3, true)).unwrap(), "copied 3 earlier contents");
        assert_eq!(step_line(step(10_240, false)).unwrap(), "copied 10240 earlier contents so far");
        assert_eq!(step_line(step(256, false)), None);
        assert_eq!(step_line(step(0, true)), None);
    }

    #[test]
    fn a_difference_is_named_and_what_is_equal_has_one_hash() {
        let anchor = Record::Anchor(Anchor::empty());
        let mut one = Tally::new();
        one.add(&anchor.hash());
        let equal = Comparison {
            kind: Kind::Anchor,
            source: one.clone(),
            target: one.clone(),
            first_difference: None,
        };
        let differing =
            Comparison { target: Tally::new(), first_difference: Some(anchor.key()), ..equal.clone() };
        let lines = comparison_lines(&[equal, differing], StoreKind::Sqlite, StoreKind::Mongodb);
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("sqlite") && lines[0].contains("mongodb"), "{lines:?}");
        assert!(lines[1].ends_with(&short(&one)), "{lines:?}");
        assert!(lines[2].ends_with("they differ, first in the anchor"), "{lines:?}");
    }
}
