//! The QR code of an otpauth URI, as a PNG in a data URI.

use data_encoding::BASE64;
use png::{BitDepth, ColorType, Encoder};
use qrcode::QrCode;
use qrcode::types::Color;
use zeroize::Zeroizing;

/// Pixels a module is wide.
const SCALE: usize = 6;
/// Modules of white around the code (ISO/IEC 18004 asks for four).
const QUIET_ZONE: usize = 4;

/// The code did not come out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QrError {
    /// The text does not fit.
    #[error("the text does not fit in a QR code")]
    Code(#[from] qrcode::types::QrError),
    /// The picture could not be written.
    #[error("the picture could not be written")]
    Picture(#[from] png::EncodingError),
}

/// A `data:image/png;base64,…` URI that shows `text` as a QR code.
pub(crate) fn data_uri(text: &str) -> Result<String, QrError> {
    let code = QrCode::new(text)?;
    let picture = Zeroizing::new(draw(&code)?);
    Ok(format!("data:image/png;base64,{}", BASE64.encode(&picture)))
}

fn draw(code: &QrCode) -> Result<Vec<u8>, QrError> {
    let side = (code.width() + 2 * QUIET_ZONE) * SCALE;
    let pixels = u32::try_from(side).unwrap_or(u32::MAX);
    let mut picture = Vec::new();
    let mut encoder = Encoder::new(&mut picture, pixels, pixels);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&raster(code, side))?;
    writer.finish()?;
    Ok(picture)
}

/// One byte a pixel, row by row.
fn raster(code: &QrCode, side: usize) -> Zeroizing<Vec<u8>> {
    let module =
        |pixel: usize| (pixel / SCALE).checked_sub(QUIET_ZONE).filter(|module| *module < code.width());
    let shade = |x: usize, y: usize| match (module(x), module(y)) {
        (Some(x), Some(y)) if code[(x, y)] == Color::Dark => 0x00,
        _ => 0xFF,
    };
    Zeroizing::new((0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| shade(x, y)).collect())
}
