//! Values that parse: what goes in comes out, and what lies outside the bounds does not go in.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::user::{KdfParameters, OtpCode, OtpStep, RecoveryCode, SecondFactor, WrappedKey};
use proptest::prelude::*;

/// Around each bound: just outside, on it, just inside, and the ends of the type.
fn around(low: u32, high: u32) -> [u32; 8] {
    [0, low - 1, low, low + 1, high - 1, high, high + 1, u32::MAX]
}

#[test]
fn kdf_parameters_pass_exactly_between_floor_and_ceiling() {
    let (floor, ceiling) = (KdfParameters::FLOOR, KdfParameters::CEILING);
    assert_eq!((floor.memory_kib(), floor.iterations(), floor.parallelism()), (19_456, 2, 1));
    let bounds = [(19_456, 4_194_304), (2, 64), (1, 16)];
    let inside = |value: u32, (low, high): (u32, u32)| (low..=high).contains(&value);
    let [memory_bounds, iteration_bounds, lane_bounds] = bounds;
    for memory_kib in around(memory_bounds.0, memory_bounds.1) {
        for iterations in around(iteration_bounds.0, iteration_bounds.1) {
            for parallelism in around(lane_bounds.0, lane_bounds.1) {
                let legal = inside(memory_kib, memory_bounds)
                    && inside(iterations, iteration_bounds)
                    && inside(parallelism, lane_bounds);
                let parsed = KdfParameters::new(memory_kib, iterations, parallelism);
                assert_eq!(parsed.is_ok(), legal, "{memory_kib},{iterations},{parallelism}");
            }
        }
    }
    assert_eq!(KdfParameters::new(19_455, 64, 16).map_err(|invalid| invalid.code()), Err("kdf_too_weak"));
    assert_eq!(KdfParameters::new(19_456, 65, 16).map_err(|invalid| invalid.code()), Err("kdf_too_strong"));
    assert_eq!(KdfParameters::new(ceiling.memory_kib(), 64, 16), Ok(ceiling));
}

#[test]
fn wrapped_keys_pass_from_40_to_512_bytes() {
    for length in 0..600 {
        assert_eq!(WrappedKey::parse(&vec![7; length]).is_ok(), (40..=512).contains(&length), "{length}");
    }
}

#[test]
fn i07_no_timestamp_is_later_than_the_last_which_lies_in_the_year_9999() {
    let last = Timestamp::MAX.as_millis();
    assert!((253_370_764_800_000..253_402_300_800_000).contains(&last));
    assert_eq!(Timestamp::from_millis(last - 1).as_millis(), last - 1);
    assert_eq!(Timestamp::from_millis(last + 1), Timestamp::MAX);
    assert_eq!(Timestamp::from_seconds(last / 1_000 + 1), Timestamp::MAX);
}

proptest! {
    #[test]
    fn an_id_reads_back_from_its_text_and_bytes_and_carries_its_time(
        millis in 0..(1_u64 << 48), randomness in any::<[u8; 10]>(),
    ) {
        let now = Timestamp::from_millis(millis);
        let id = SessionId::from_parts(now, &randomness);
        prop_assert_eq!(id.to_string().parse::<SessionId>(), Ok(id));
        prop_assert_eq!(SessionId::from_bytes(*id.as_bytes()), id);
        let [a, b, c, d, e, f, version, _, variant, ..] = *id.as_bytes();
        prop_assert_eq!(u64::from_be_bytes([0, 0, a, b, c, d, e, f]), now.as_millis());
        prop_assert_eq!((version >> 4, variant >> 6), (7, 0b10));
    }

    #[test]
    fn f03_ids_of_different_randomness_differ_and_of_later_times_sort_later(
        millis in 0..(1_u64 << 40), one in any::<[u8; 10]>(), other in any::<[u8; 10]>(), later in 1..10_000_u64,
    ) {
        let at = |millis| Timestamp::from_millis(millis);
        prop_assert!(TokenId::from_parts(at(millis), &one) < TokenId::from_parts(at(millis + later), &other));
        // Six of the eighty bits give way to version and variant; no other may be lost.
        let kept = |bytes: [u8; 10]| {
            let [first, second, third, rest @ ..] = bytes;
            (first & 0x0F, second, third & 0x3F, rest)
        };
        if kept(one) != kept(other) {
            prop_assert_ne!(TokenId::from_parts(at(millis), &one), TokenId::from_parts(at(millis), &other));
        }
    }

    #[test]
    fn no_text_but_the_canonical_one_is_an_id(bytes in any::<[u8; 16]>(), place in 0..36_usize, other in any::<char>()) {
        let id = UserId::from_bytes(bytes);
        let text = id.to_string();
        let changed: String =
            text.chars().enumerate().map(|(index, kept)| if index == place { other } else { kept }).collect();
        match changed.parse::<UserId>() {
            Ok(read) => prop_assert_eq!(read.to_string(), changed),
            Err(_) => prop_assert_ne!(changed, text),
        }
    }

    #[test]
    fn e04_e05_a_prefix_is_its_own_prefix_and_all_its_addresses_share_it(bits in any::<u128>(), host in any::<u64>()) {
        let address = Ipv6Addr::from_bits(bits);
        let prefix = IpPrefix::of(IpAddr::V6(address));
        prop_assert_eq!(IpPrefix::from_bytes(prefix.to_bytes()), prefix);
        let neighbour = Ipv6Addr::from_bits(bits >> 64 << 64 | u128::from(host));
        if address.to_ipv4_mapped().is_none() && neighbour.to_ipv4_mapped().is_none() {
            prop_assert_eq!(IpPrefix::of(IpAddr::V6(neighbour)), prefix);
        }
    }

    #[test]
    fn e05_an_ipv4_address_and_its_mapped_form_are_one_prefix(bits in any::<u32>()) {
        let address = Ipv4Addr::from_bits(bits);
        let prefix = IpPrefix::of(IpAddr::V4(address));
        prop_assert_eq!(IpPrefix::of(IpAddr::V6(address.to_ipv6_mapped())), prefix);
        prop_assert_eq!(IpPrefix::from_bytes(prefix.to_bytes()), prefix);
    }

    #[test]
    fn i07_arithmetic_on_timestamps_never_leaves_the_calendar(
        millis in any::<u64>(), span_ms in any::<u64>(),
    ) {
        let timestamp = Timestamp::from_millis(millis);
        let span = Duration::from_millis(span_ms);
        let (later, earlier) = (timestamp.saturating_add(span), timestamp.saturating_sub(span));
        prop_assert!(Timestamp::MIN <= earlier && earlier <= timestamp && timestamp <= later && later <= Timestamp::MAX);
        prop_assert!(later == Timestamp::MAX || later.since(timestamp) == span);
        let floored = timestamp.floor_to_second();
        prop_assert!(floored <= timestamp && timestamp.since(floored) < Duration::from_secs(1));
        prop_assert_eq!(Timestamp::from_seconds(timestamp.as_seconds()), floored);
    }

    #[test]
    fn a_recovery_code_reads_back_as_a_person_types_it(randomness in any::<[u8; 12]>()) {
        let code = RecoveryCode::from_randomness(&randomness);
        prop_assert_eq!(RecoveryCode::parse(&code.reveal()), Ok(code.clone()));
        prop_assert_eq!(SecondFactor::parse(&code.reveal().to_uppercase()), Ok(SecondFactor::Recovery(code)));
    }

    #[test]
    fn c07_a_second_factor_is_six_ascii_digits_or_a_recovery_code(text in "\\PC{0,16}|[0-9]{4,8}|[a-z0-9-]{14}") {
        let six_digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert_eq!(OtpCode::parse(&text).is_ok(), six_digits);
        match SecondFactor::parse(&text) {
            Ok(SecondFactor::Code(_)) => prop_assert!(six_digits),
            Ok(SecondFactor::Recovery(code)) => prop_assert_eq!(code.reveal(), text.to_ascii_lowercase()),
            Err(_) => prop_assert!(!six_digits),
        }
    }

    #[test]
    fn c06_a_code_is_accepted_in_its_step_and_the_next_and_at_no_other_time(
        step in 2..1_000_000_u64, offset_ms in 0..150_000_u64,
    ) {
        let step = OtpStep::from_number(step);
        let begins = step.starts_at().saturating_sub(Duration::from_secs(60));
        let now = begins.saturating_add(Duration::from_millis(offset_ms));
        let accepted = OtpStep::accepted_at(now).contains(&step);
        prop_assert_eq!(accepted, (60_000..120_000).contains(&offset_ms));
    }
}
