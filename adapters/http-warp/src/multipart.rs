//! `multipart/form-data` (RFC 7578) with one content, which is read as it arrives.

use crate::body::{UnreadBody, broken_off, require_unencoded, too_slow, unsupported_type};
use crate::body_source::BodySource;
use crate::json::Fields;
use crate::one_by_one::{Allowance, OneByOne, StreamFault, Tap};
use crate::problem::Problem;
use crate::unhurried::Pulse;
use async_trait::async_trait;
use bytes::Bytes;
use epic_inbound::byte_source::{ByteSource, SourceFault};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use multer::{Field, Multipart};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// The most bytes of a text field: more than any has by its own rule.
const TEXT_BYTES_MAX: usize = 8 * 1_024;
/// The most text fields before the content.
const TEXTS_MAX: usize = 8;
/// The most bytes of a boundary (RFC 2046, section 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;
/// The most bytes that are read before the content begins, and after it has ended.
const AROUND_CONTENT_BYTES_MAX: usize = 256 * 1_024;
/// The name of the part that is the content, unless the part has a file name.
const CONTENT_NAME: &str = "file";

/// A form whose texts have been read and whose content has not.
pub(crate) struct Form {
    /// The texts.
    pub(crate) fields: Fields,
    /// The content.
    pub(crate) content: FormContent,
}

/// The content of a form, as it arrives.
pub(crate) struct FormContent {
    form: Multipart<'static>,
    body: Tap,
    part: Option<Field<'static>>,
    allowance: Allowance,
    is_malformed: bool,
}

impl Form {
    /// Reads the texts of a form, up to its content. `pulse` beats with each piece of the body.
    ///
    /// # Errors
    /// A [`Problem`]: 415 for another type or an encoding, 408 when it is too slow, 400 when it is no such form or has
    /// no content.
    pub(crate) async fn read(body: UnreadBody, pulse: Pulse) -> Result<Self, Problem> {
        require_unencoded(body.headers())?;
        let boundary = boundary(&body)?;
        let patience = body.timeout();
        let allowance = Allowance::of(AROUND_CONTENT_BYTES_MAX);
        let pieces = OneByOne::new(BodySource::new(body, None, pulse), allowance.clone());
        let tap = pieces.tap();
        let mut form = Multipart::new(pieces, boundary);
        let reading = read_texts(&mut form);
        let (texts, part) = timeout(patience, reading).await.unwrap_or_else(|_| Err(too_slow()))?;
        allowance.lift();
        let content = FormContent { form, body: tap, part: Some(part), allowance, is_malformed: false };
        Ok(Self { fields: Fields::of_texts(texts), content })
    }
}

fn boundary(body: &UnreadBody) -> Result<String, Problem> {
    let mut types = body.headers().get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else {
        return Err(unsupported_type("multipart/form-data"));
    };
    let content_type = content_type.to_str().map_err(|_| unsupported_type("multipart/form-data"))?;
    let boundary = multer::parse_boundary(content_type).map_err(|error| match error {
        multer::Error::NoBoundary => malformed("The Content-Type names no boundary."),
        _ => unsupported_type("multipart/form-data"),
    })?;
    if (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len()) {
        Ok(boundary)
    } else {
        Err(malformed("The boundary must have 1 to 70 characters."))
    }
}

type Texts = Vec<(String, Zeroizing<String>)>;

/// The texts up to the content, and the content's part.
async fn read_texts(form: &mut Multipart<'static>) -> Result<(Texts, Field<'static>), Problem> {
    let mut texts = Texts::new();
    loop {
        let part = form.next_field().await.map_err(|error| problem_of(&error))?;
        let part = part.ok_or_else(|| {
            malformed("The form has no content: send it as the part \"file\", after the fields.")
        })?;
        if part.name() == Some(CONTENT_NAME) || part.file_name().is_some() {
            return Ok((texts, part));
        }
        if texts.len() == TEXTS_MAX {
            return Err(malformed("The form has too many fields."));
        }
        let name = part.name().ok_or_else(|| malformed("A part has no name."))?.to_owned();
        texts.push((name, read_text(part).await?));
    }
}

async fn read_text(mut part: Field<'static>) -> Result<Zeroizing<String>, Problem> {
    let mut text = Zeroizing::new(Vec::with_capacity(TEXT_BYTES_MAX));
    while let Some(piece) = part.chunk().await.map_err(|error| problem_of(&error))? {
        if text.len() + piece.len() > TEXT_BYTES_MAX {
            return Err(malformed("A field is too long."));
        }
        text.extend_from_slice(&piece);
    }
    let text = core::str::from_utf8(&text).map_err(|_| malformed("A field is not UTF-8."))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The problem behind what the parser says. Its own text may quote the body, and is not shown.
fn problem_of(error: &multer::Error) -> Problem {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast_ref() {
            Some(StreamFault::Source(SourceFault::TooSlow)) => too_slow(),
            Some(StreamFault::TooMuch) => malformed("The form has too much before its content."),
            _ => broken_off(),
        },
        multer::Error::IncompleteStream | multer::Error::IncompleteFieldData { .. } => broken_off(),
        _ => malformed("The body is no multipart/form-data (RFC 7578)."),
    }
}

/// What the parser says, as a source of bytes tells it.
fn fault_of(error: &multer::Error) -> SourceFault {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast_ref() {
            Some(StreamFault::Source(fault)) => *fault,
            _ => SourceFault::BrokenOff,
        },
        _ => SourceFault::BrokenOff,
    }
}

fn malformed(detail: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_form", "Malformed form", detail)
}

impl FormContent {
    /// The problem when the form turned out to be none behind its content.
    pub(crate) fn malformed(&self) -> Option<Problem> {
        self.is_malformed
            .then(|| malformed("The content must be the last part of the form, and its end must be there."))
    }

    /// Nothing but the end of the form may follow.
    async fn expect_end(&mut self) -> Result<(), SourceFault> {
        self.part = None;
        self.allowance.limit(AROUND_CONTENT_BYTES_MAX);
        match self.form.next_field().await {
            // The parser stops at the end of the form; a body that breaks off behind it is not whole.
            Ok(None) => self.body.read_to_end().await.map_err(|fault| match fault {
                StreamFault::Source(fault) => fault,
                StreamFault::TooMuch => {
                    self.is_malformed = true;
                    SourceFault::BrokenOff
                }
            }),
            Ok(Some(_)) => {
                self.is_malformed = true;
                Err(SourceFault::BrokenOff)
            }
            Err(error) => {
                self.is_malformed = !matches!(error, multer::Error::StreamReadFailed(_));
                Err(fault_of(&error))
            }
        }
    }
}

#[async_trait]
impl ByteSource for FormContent {
    async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
        let Some(part) = &mut self.part else { return Ok(None) };
        let piece = part.chunk().await.map_err(|error| fault_of(&error))?;
        if piece.is_none() {
            self.expect_end().await?;
        }
        Ok(piece)
    }

    fn is_checked(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use epic_domain::Invalid;
    use futures_util::StreamExt;
    use http::{HeaderMap, HeaderValue};

    const WHOLE: &str = "--bb\r\nContent-Disposition: form-data; name=\"one\"\r\n\r\nAQ\r\n\
         --bb\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../etc/passwd\"\r\n\
         Content-Type: text/html\r\n\r\nsome\r\n--bytes\r\n--bb--\r\n";

    fn body(content_type: &'static str, pieces: Vec<Bytes>) -> UnreadBody {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        let pieces = Box::pin(futures_util::stream::iter(pieces.into_iter().map(Ok)));
        UnreadBody::of(headers, pieces, Duration::from_secs(10))
    }

    fn form(pieces: Vec<Bytes>) -> UnreadBody {
        body("multipart/form-data; boundary=bb", pieces)
    }

    fn cut(text: &str, length: usize) -> Vec<Bytes> {
        text.as_bytes().chunks(length).map(Bytes::copy_from_slice).collect()
    }

    async fn refused(body: UnreadBody) -> Option<StatusCode> {
        Form::read(body, Pulse::default()).await.err().map(|problem| problem.render(None).status())
    }

    async fn content(mut form: Form) -> Result<Vec<u8>, (SourceFault, bool)> {
        let mut bytes = Vec::new();
        loop {
            match form.content.next().await {
                Ok(Some(piece)) => bytes.extend_from_slice(&piece),
                Ok(None) => return Ok(bytes),
                Err(fault) => return Err((fault, form.content.malformed().is_some())),
            }
        }
    }

    #[tokio::test]
    async fn a_form_is_read_however_it_is_cut() {
        for length in 1..WHOLE.len() {
            let form = Form::read(form(cut(WHOLE, length)), Pulse::default()).await;
            let mut form = form.unwrap_or_else(|_| panic!("refused in pieces of {length}"));
            assert_eq!(form.fields.bytes("one", |bytes| Ok::<_, Invalid>(bytes.to_vec())), Some(vec![1]));
            assert_eq!(content(form).await, Ok(b"some\r\n--bytes".to_vec()), "in pieces of {length}");
        }
    }

    #[tokio::test]
    async fn nothing_may_follow_the_content() {
        let more =
            WHOLE.replace("--bb--", "--bb\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nx\r\n--bb--");
        let form = Form::read(form(cut(&more, 64)), Pulse::default()).await;
        let form = form.unwrap_or_else(|_| panic!("refused"));
        assert_eq!(content(form).await, Err((SourceFault::BrokenOff, true)));
    }

    #[tokio::test]
    async fn a_content_without_an_end_is_broken_off() {
        let cut_off = WHOLE.replace("\r\n--bb--\r\n", "");
        let form = Form::read(form(cut(&cut_off, 64)), Pulse::default()).await;
        let form = form.unwrap_or_else(|_| panic!("refused"));
        assert!(content(form).await.is_err());
    }

    #[tokio::test]
    async fn f19_other_types_are_refused_and_so_is_what_is_no_form() {
        let unsupported = Some(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(refused(body("text/xml", cut(WHOLE, 64))).await, unsupported);
        assert_eq!(refused(body("multipart/mixed; boundary=bb", cut(WHOLE, 64))).await, unsupported);
        assert_eq!(refused(body("multipart/form-data; boundary=\"\"", cut(WHOLE, 64))).await, unsupported);
        let bad = Some(StatusCode::BAD_REQUEST);
        assert_eq!(refused(body("multipart/form-data", cut(WHOLE, 64))).await, bad);
        assert_eq!(refused(form(vec![])).await, bad);
        assert_eq!(refused(form(cut("--bb--\r\n", 64))).await, bad, "no content");
        let many = "--bb\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\na\r\n".repeat(9) + WHOLE;
        assert_eq!(refused(form(cut(&many, 64))).await, bad, "too many fields");
    }

    #[tokio::test]
    async fn f04_what_stands_around_a_content_is_bounded() {
        let endless = || vec![Bytes::from(vec![b'x'; 1 << 20]); 4];
        assert_eq!(refused(form(endless())).await, Some(StatusCode::BAD_REQUEST), "no boundary ever comes");
        let mut headers = cut("--bb\r\nContent-Disposition: form-data; name=\"", 64);
        headers.extend(endless());
        assert_eq!(refused(form(headers)).await, Some(StatusCode::BAD_REQUEST), "no head ever ends");
        let mut after = cut(&WHOLE.replace("--bb--\r\n", "--bb\r\nX: "), 64);
        after.extend(endless());
        let form = Form::read(form(after), Pulse::default()).await.unwrap_or_else(|_| panic!("refused"));
        assert!(content(form).await.is_err(), "a part behind the content that never begins");
    }

    #[tokio::test]
    async fn f04_a_body_that_breaks_off_behind_its_form_is_not_whole() {
        let pieces = cut(WHOLE, 64).into_iter().map(Ok).collect::<Vec<_>>();
        let headers = HeaderMap::from_iter([(
            CONTENT_TYPE,
            HeaderValue::from_static("multipart/form-data; boundary=bb"),
        )]);
        let endless = futures_util::stream::iter(pieces).chain(futures_util::stream::pending());
        let body = UnreadBody::of(headers, Box::pin(endless), Duration::from_millis(20));
        let stalled = Form::read(body, Pulse::default()).await.unwrap_or_else(|_| panic!("refused"));
        assert_eq!(content(stalled).await, Err((SourceFault::TooSlow, false)));
        let mut after = cut(WHOLE, 64);
        after.extend(vec![Bytes::from(vec![b'x'; 1 << 20]); 4]);
        let form = Form::read(form(after), Pulse::default()).await.unwrap_or_else(|_| panic!("refused"));
        assert_eq!(content(form).await, Err((SourceFault::BrokenOff, true)), "more than an epilogue");
    }

    #[tokio::test]
    async fn a_large_content_is_read_whole() {
        let mut pieces = cut(WHOLE.split_once("some").unwrap().0, 64);
        pieces.extend(vec![Bytes::from(vec![b'x'; 100_000]); 40]);
        pieces.extend(cut("\r\n--bb--\r\n", 64));
        let form = Form::read(form(pieces), Pulse::default()).await.unwrap_or_else(|_| panic!("refused"));
        assert_eq!(content(form).await.map(|bytes| bytes.len()), Ok(4_000_000));
    }
}
