//! Laws of sealed passes.

use crate::builders::{T0, seconds_after_t0, user_id};
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::Version;
use epic_outbound::passes::{Pass, PassKind, Passes};
use std::sync::Arc;

/// Makes a fresh port; each call makes one that knows no pass of another.
pub type MakePasses = dyn Fn() -> Arc<dyn Passes>;

/// Expands to the laws of [`Passes`]. The factory takes nothing and returns an `Arc<dyn Passes>`.
#[macro_export]
macro_rules! passes_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { passes, $factory;
            a_pass_says_what_it_was_made_to_say
            one_kind_is_never_taken_for_the_other
            an_altered_pass_is_none
            text_that_is_no_pass_is_none
        }
    };
}

const KINDS: [PassKind; 2] = [PassKind::KnownDevice, PassKind::Recovery];

fn pass(kind: PassKind) -> Pass {
    Pass { kind, user_id: user_id(1), version: Version::FIRST, expires_at: seconds_after_t0(100) }
}

fn issue(passes: &dyn Passes, pass: &Pass) -> String {
    passes.issue(pass).unwrap().expose().to_owned()
}

/// As often as it is read, at the ends of every field; one that has expired too, since the use case judges that.
pub fn a_pass_says_what_it_was_made_to_say(make: &MakePasses) {
    let passes = make();
    for kind in KINDS {
        let extremes = [
            pass(kind),
            Pass { expires_at: T0, version: Version::FIRST.next(), ..pass(kind) },
            Pass {
                user_id: UserId::from_bytes([0; 16]),
                version: Version::from_number(0),
                expires_at: Timestamp::MIN,
                ..pass(kind)
            },
            Pass {
                user_id: UserId::from_bytes([0xFF; 16]),
                version: Version::from_number(u64::MAX),
                expires_at: Timestamp::MAX,
                ..pass(kind)
            },
        ];
        let texts = extremes.map(|pass| (issue(passes.as_ref(), &pass), pass));
        for (text, pass) in texts.iter().chain(&texts) {
            assert_eq!(passes.read(kind, text), Some(*pass));
        }
    }
}

/// Although all else is the same.
pub fn one_kind_is_never_taken_for_the_other(make: &MakePasses) {
    let passes = make();
    let [device, recovery] = KINDS.map(|kind| issue(passes.as_ref(), &pass(kind)));
    assert!(device != recovery);
    assert_eq!(passes.read(PassKind::Recovery, &device), None);
    assert_eq!(passes.read(PassKind::KnownDevice, &recovery), None);
}

/// Wherever a character is changed, taken away or added.
pub fn an_altered_pass_is_none(make: &MakePasses) {
    let passes = make();
    for kind in KINDS {
        let text = issue(passes.as_ref(), &pass(kind));
        assert!(text.is_ascii(), "it travels in a header or cookie");
        for index in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(passes.read(kind, &String::from_utf8(altered).unwrap()), None, "{index}");
            assert_eq!(passes.read(kind, &text[..index]), None, "{index}");
        }
        for longer in [format!("{text}A"), format!("{text} "), format!(" {text}"), format!("{text}=")] {
            assert_eq!(passes.read(kind, &longer), None);
        }
    }
}

/// Whatever it is instead.
pub fn text_that_is_no_pass_is_none(make: &MakePasses) {
    let passes = make();
    for text in ["", ".", "a.b.c", "null", "\u{0}", "\u{1F511}", &"A".repeat(1_000)] {
        for kind in KINDS {
            assert_eq!(passes.read(kind, text), None, "{text:?}");
        }
    }
}
