//! What issuing and reading a token costs.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::Username;
use epic_outbound::tokens::Tokens;
use epic_token_jwt::{JwtTokens, Keyring, TokenKey};
use std::error::Error;
use std::hint::black_box;

const SECRET: &[u8; 32] = b"\x9f\x04\x11\xd3\x7a\x58\xee\x20\xb1\x6c\x99\x01\xf4\x83\x2d\xc6\
    \x35\xaa\x0e\x71\xdc\x4b\x92\xe8\x57\x1f\x66\xb0\x03\xcd\x8a\x29";

fn setup(cache_capacity: usize) -> Result<(JwtTokens, Claims, KeyId), Box<dyn Error>> {
    let key_id = KeyId::parse("k1")?;
    let keyring = Keyring::new(vec![TokenKey::parse(key_id.clone(), SECRET)?])?;
    let claims = Claims {
        kind: TokenKind::Access,
        username: Username::parse("alice")?,
        user_id: UserId::from_bytes([1; 16]),
        session_id: SessionId::from_bytes([2; 16]),
        token_id: TokenId::from_bytes([3; 16]),
        issued_at: Timestamp::from_seconds(1_800_000_000),
        expires_at: Timestamp::from_seconds(1_800_001_800),
        auth_time: Timestamp::from_seconds(1_799_999_000),
    };
    Ok((JwtTokens::new(keyring, "epic-server".into(), "epic".into(), cache_capacity)?, claims, key_id))
}

fn tokens(criterion: &mut Criterion) {
    let Ok((tokens, claims, key_id)) = setup(10_000) else { return };
    let Ok(token) = tokens.issue(&claims, &key_id) else { return };
    criterion.bench_function("issue", |bencher| bencher.iter(|| tokens.issue(black_box(&claims), &key_id)));
    criterion
        .bench_function("read, cached", |bencher| bencher.iter(|| tokens.read(black_box(token.expose()))));
    let Ok((uncached, _, _)) = setup(0) else { return };
    criterion.bench_function("read, uncached", |bencher| {
        bencher.iter(|| uncached.read(black_box(token.expose())));
    });
    let mut second = 0;
    criterion.bench_function("read, each token new to the cache", |bencher| {
        bencher.iter_batched(
            || {
                second += 1;
                let issued_at = Timestamp::from_seconds(1_800_000_000 + second);
                tokens.issue(&Claims { issued_at, ..claims.clone() }, &key_id)
            },
            |fresh| fresh.map(|fresh| tokens.read(fresh.expose())),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, tokens);
criterion_main!(benches);
