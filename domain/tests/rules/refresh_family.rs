//! Refresh tokens against a model that remembers every token ever handed out.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a model that fails must stop its test")]

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::network::IpPrefix;
use epic_domain::session::{Grant, Presented, Session, SessionPolicy};
use proptest::prelude::*;

const OPENED: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Short lives, so that a random history reaches their ends: 60 s, 5 min, 20 min, and 10 s for a lost reply.
fn policy() -> SessionPolicy {
    let seconds = Duration::from_secs;
    SessionPolicy::new(seconds(60), seconds(300), seconds(1_200), seconds(10)).expect("lifetimes that fit")
}

fn token(number: u128) -> TokenId {
    TokenId::from_bytes(number.to_be_bytes())
}

/// The grant whose tokens are the pair with this number.
fn grant(number: u128, ends_at: Timestamp, now: Timestamp) -> Grant {
    let key_id = KeyId::parse("k1").expect("a key id");
    policy().grant(token(2 * number + 1), token(2 * number), key_id, ends_at, now)
}

fn opened() -> Session {
    let ends_at = policy().session_end(OPENED);
    Session {
        id: SessionId::from_bytes([1; 16]),
        user_id: UserId::from_bytes([2; 16]),
        device_name: None,
        origin: IpPrefix::unspecified(),
        created_at: OPENED,
        auth_time: OPENED,
        last_seen_at: OPENED,
        ends_at,
        current: grant(0, ends_at, OPENED),
        superseded: None,
    }
}

/// Every token handed out, oldest first, each with when it was replaced.
struct Model {
    handed_out: Vec<(TokenId, Option<Timestamp>)>,
    live_until: Timestamp,
    ends_at: Timestamp,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Rotated,
    Repeated,
    Reused,
    Expired,
}

impl Model {
    fn expect(&self, presented: TokenId, now: Timestamp) -> Expected {
        let newest = self.handed_out.len() - 1;
        let place = self.handed_out.iter().position(|(token, _)| *token == presented);
        if now >= self.ends_at {
            return Expected::Expired;
        }
        match place.map(|place| (place, self.handed_out[place].1)) {
            Some((place, None)) if place == newest && now < self.live_until => Expected::Rotated,
            Some((place, None)) if place == newest => Expected::Expired,
            Some((place, Some(replaced_at)))
                if place + 1 == newest && now.as_millis() < replaced_at.as_millis() + 10_000 =>
            {
                Expected::Repeated
            }
            _ => Expected::Reused,
        }
    }
}

fn kind(presented: &Presented) -> Expected {
    match presented {
        Presented::Rotated(_) => Expected::Rotated,
        Presented::Repeated => Expected::Repeated,
        Presented::Reused => Expected::Reused,
        Presented::Expired => Expected::Expired,
    }
}

/// Which token comes in: so many before the live one, or one nobody was given.
#[derive(Debug, Clone)]
enum Which {
    Back(usize),
    Unknown,
}

fn history() -> impl Strategy<Value = Vec<(i64, Which)>> {
    let which = prop_oneof![
        6 => Just(Which::Back(0)),
        3 => Just(Which::Back(1)),
        2 => (2..5_usize).prop_map(Which::Back),
        1 => Just(Which::Unknown),
    ];
    let millis = prop_oneof![
        3 => Just(0_i64),
        4 => 0..12_000_i64,
        1 => -3_000..0_i64,
        1 => prop::sample::select(vec![9_999_i64, 10_000, 10_001, 299_999, 300_000, 400_000]),
    ];
    prop::collection::vec((millis, which), 1..60)
}

proptest! {
    #[test]
    fn b01_b02_every_token_gets_what_a_full_record_of_all_tokens_gives(history in history()) {
        let mut session = opened();
        let mut model = Model {
            handed_out: vec![(session.current.refresh_id, None)],
            live_until: session.current.refresh_expires_at,
            ends_at: session.ends_at,
        };
        let mut now = OPENED;
        for (number, (millis, which)) in (1_u128..).zip(history) {
            now = Timestamp::from_millis(now.as_millis().saturating_add_signed(millis));
            let newest = model.handed_out.len() - 1;
            let presented = match which {
                Which::Back(back) => model.handed_out[newest.saturating_sub(back)].0,
                Which::Unknown => token(u128::MAX - number),
            };
            let next = grant(number, session.ends_at, now);
            let outcome = session.present(presented, &next, policy().reuse_grace(), now);
            prop_assert_eq!(kind(&outcome), model.expect(presented, now));
            if let Presented::Rotated(rotated) = outcome {
                prop_assert_eq!(&rotated.current, &next);
                let expected = Session {
                    current: next.clone(),
                    superseded: rotated.superseded,
                    last_seen_at: session.last_seen_at.max(now),
                    ..session.clone()
                };
                prop_assert_eq!(&rotated, &expected, "nothing else changes");
                model.handed_out[newest].1 = Some(now);
                model.handed_out.push((next.refresh_id, None));
                model.live_until = next.refresh_expires_at;
                session = rotated;
            }
        }
    }

    #[test]
    fn b02_at_any_time_at_most_one_of_all_tokens_rotates(history in history()) {
        let mut session = opened();
        let mut handed_out = vec![session.current.refresh_id];
        let mut now = OPENED;
        for (number, (millis, _)) in (1_u128..).zip(history) {
            now = Timestamp::from_millis(now.as_millis().saturating_add_signed(millis));
            let next = grant(number, session.ends_at, now);
            let present = |token: &TokenId| session.present(*token, &next, policy().reuse_grace(), now);
            let rotations: Vec<Presented> =
                handed_out.iter().map(present).filter(|outcome| matches!(outcome, Presented::Rotated(_))).collect();
            prop_assert!(rotations.len() <= 1);
            if let Some(Presented::Rotated(rotated)) = rotations.into_iter().next() {
                handed_out.push(next.refresh_id);
                session = rotated;
            }
        }
    }

    #[test]
    fn b08_b11_no_history_of_refreshes_passes_the_absolute_limit(
        steps in prop::collection::vec(0..299_000_u64, 1..60),
    ) {
        let mut session = opened();
        let mut now = OPENED;
        for (number, millis) in (1_u128..).zip(steps) {
            now = now.saturating_add(Duration::from_millis(millis));
            // Even a grant made without regard to the session's end is cut to it.
            let careless = grant(number, Timestamp::MAX, now);
            match session.present(session.current.refresh_id, &careless, policy().reuse_grace(), now) {
                Presented::Rotated(rotated) => {
                    prop_assert!(now < session.ends_at);
                    prop_assert_eq!(rotated.ends_at, session.ends_at);
                    prop_assert!(rotated.current.access_expires_at <= session.ends_at);
                    prop_assert!(rotated.current.refresh_expires_at <= session.ends_at);
                    session = rotated;
                }
                outcome => {
                    prop_assert_eq!(outcome, Presented::Expired);
                    prop_assert!(now >= session.current.refresh_expires_at);
                }
            }
        }
    }
}

#[test]
fn b08_from_the_absolute_end_on_every_token_is_expired_and_none_a_millisecond_before() {
    let session = opened();
    let next = grant(1, session.ends_at, session.ends_at);
    let Presented::Rotated(session) = session.present(
        session.current.refresh_id,
        &grant(1, session.ends_at, OPENED),
        Duration::ZERO,
        OPENED,
    ) else {
        panic!("the first refresh")
    };
    let present = |token, now| session.present(token, &next, Duration::MAX, now);
    let just_before = session.ends_at.saturating_sub(Duration::from_millis(1));
    assert_eq!(present(token(0), just_before), Presented::Repeated);
    assert_eq!(present(token(99), just_before), Presented::Reused);
    for token in [session.current.refresh_id, token(0), token(99)] {
        assert_eq!(present(token, session.ends_at), Presented::Expired);
    }
}

#[test]
fn without_a_grace_nothing_is_repeated_not_even_by_a_clock_that_is_behind() {
    let session = opened();
    let later = OPENED.saturating_add(Duration::from_millis(5));
    let next = grant(1, session.ends_at, later);
    let Presented::Rotated(session) =
        session.present(session.current.refresh_id, &next, Duration::ZERO, later)
    else {
        panic!("the first refresh")
    };
    for now in [OPENED, later] {
        assert_eq!(session.present(token(0), &next, Duration::ZERO, now), Presented::Reused);
        assert_eq!(session.present(token(0), &next, Duration::from_millis(1), now), Presented::Repeated);
    }
}
