//! What an authenticator app does with the URI it scans.

use super::failure::DemoFailure;
use data_encoding::BASE32_NOPAD;
use epic_domain::secret::Secret;
use epic_domain::user::TotpSecret;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

/// The secret in an `otpauth://totp/` URI.
pub(super) fn secret_of(uri: &str) -> Result<TotpSecret, DemoFailure> {
    let refused =
        || DemoFailure::Answer("the otpauth_uri holds no secret that an authenticator reads".to_owned());
    let (_, query) =
        uri.strip_prefix("otpauth://totp/").and_then(|rest| rest.split_once('?')).ok_or_else(refused)?;
    let text =
        query.split('&').find_map(|parameter| parameter.strip_prefix("secret=")).ok_or_else(refused)?;
    let bytes = Zeroizing::new(BASE32_NOPAD.decode(text.as_bytes()).map_err(|_| refused())?);
    Secret::from_slice(&bytes).map(TotpSecret::new).map_err(|_| refused())
}

/// A text as a QR code for a terminal, two modules a character.
pub(super) fn qr_code(text: &str) -> Result<String, DemoFailure> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| DemoFailure::Local(format!("no QR code could be made: {error}")))?;
    // Light modules are painted and dark ones left out: most terminals are dark.
    Ok(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_found_in_the_uri() {
        let uri =
            "otpauth://totp/EPIC%20Server:alice?secret=AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU&issuer=EPIC%20Server";
        let bytes = std::array::from_fn(|index| u8::try_from(index + 1).unwrap());
        assert_eq!(secret_of(uri).unwrap(), TotpSecret::new(Secret::new(bytes)));
    }

    #[test]
    fn a_uri_without_a_usable_secret_is_refused() {
        for uri in [
            "",
            "otpauth://hotp/a?secret=AEBAGBAFAYDQQCIKBMGA2DQPCAIREEYU",
            "otpauth://totp/a?issuer=b",
            "otpauth://totp/a?secret=AEBA",
            "otpauth://totp/a?secret=aebagbafaydqqcikbmga2dqpcaireeyu",
        ] {
            assert!(secret_of(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_qr_code_is_drawn_in_blocks() {
        let drawn = qr_code("otpauth://totp/a").unwrap();
        assert!(drawn.lines().count() > 10);
        assert!(drawn.chars().all(|character| " \u{2580}\u{2584}\u{2588}\n".contains(character)));
    }
}
