//! Rows with a checksum: how values become columns and back.
//!
//! SQLite notices a damaged page only by its structure. A flipped bit inside a value would be served as good; the
//! checksum refuses it.

use crate::error::Failure;
use crc32fast::Hasher;
use epic_domain::Timestamp;
use rusqlite::Row;
use rusqlite::types::{FromSql, ToSqlOutput, Value, ValueRef};

/// The columns of a row in their order, while it is written.
#[derive(Debug, Default)]
pub(crate) struct Columns<'a>(Vec<ToSqlOutput<'a>>);

impl<'a> Columns<'a> {
    pub(crate) fn bytes(mut self, bytes: &'a [u8]) -> Self {
        self.0.push(ToSqlOutput::Borrowed(ValueRef::Blob(bytes)));
        self
    }

    pub(crate) fn optional_bytes(self, bytes: Option<&'a [u8]>) -> Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    pub(crate) fn owned_bytes(mut self, bytes: &[u8]) -> Self {
        self.0.push(ToSqlOutput::Owned(Value::Blob(bytes.to_vec())));
        self
    }

    pub(crate) fn text(mut self, text: &'a str) -> Self {
        self.0.push(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())));
        self
    }

    pub(crate) fn optional_text(self, text: Option<&'a str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub(crate) fn number(mut self, number: u64) -> Result<Self, Failure> {
        self.0.push(ToSqlOutput::Owned(Value::Integer(integer(number)?)));
        Ok(self)
    }

    pub(crate) fn optional_number(self, number: Option<u64>) -> Result<Self, Failure> {
        match number {
            Some(number) => self.number(number),
            None => Ok(self.null()),
        }
    }

    pub(crate) fn time(self, time: Timestamp) -> Result<Self, Failure> {
        self.number(time.as_millis())
    }

    pub(crate) fn optional_time(self, time: Option<Timestamp>) -> Result<Self, Failure> {
        self.optional_number(time.map(Timestamp::as_millis))
    }

    /// A truth value: 1 or 0.
    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.0.push(ToSqlOutput::Owned(Value::Integer(flag.into())));
        self
    }

    fn null(mut self) -> Self {
        self.0.push(ToSqlOutput::Owned(Value::Null));
        self
    }

    /// The row with its checksum as its last column, ready to bind.
    pub(crate) fn with_checksum(mut self) -> Vec<ToSqlOutput<'a>> {
        let mut checksum = Checksum::default();
        for column in &self.0 {
            match column {
                ToSqlOutput::Owned(value) => checksum.add(ValueRef::from(value)),
                ToSqlOutput::Borrowed(value) => checksum.add(*value),
                _ => {}
            }
        }
        self.0.push(ToSqlOutput::Owned(Value::Integer(checksum.finish())));
        self.0
    }

    /// The row as it is, ready to bind.
    pub(crate) fn without_checksum(self) -> Vec<ToSqlOutput<'a>> {
        self.0
    }
}

/// A number as SQLite holds it.
pub(crate) fn integer(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::TooLarge)
}

/// A time as SQLite holds it; [`Timestamp::MAX`] is far below what fits.
pub(crate) fn millis(time: Timestamp) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Reads a row's columns one after the other.
pub(crate) struct Fields<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Fields<'a> {
    /// The fields of a row without a checksum.
    pub(crate) const fn unchecked(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    /// The fields of a row whose checksum stands in column `width`, after the fields.
    ///
    /// # Errors
    /// [`Failure::Damaged`] when it is not theirs.
    pub(crate) fn checked(row: &'a Row<'a>, width: usize) -> Result<Self, Failure> {
        Self::checked_from(row, 0, width)
    }

    /// The fields of a row that begins at column `first` of a joined one, and whose checksum stands after its `width`
    /// fields.
    ///
    /// # Errors
    /// [`Failure::Damaged`] when it is not theirs.
    pub(crate) fn checked_from(row: &'a Row<'a>, first: usize, width: usize) -> Result<Self, Failure> {
        let end = first.saturating_add(width);
        let mut checksum = Checksum::default();
        for index in first..end {
            checksum.add(row.get_ref(index)?);
        }
        if checksum.finish() == row.get::<_, i64>(end)? {
            Ok(Self { row, next: first })
        } else {
            Err(Failure::Damaged("row"))
        }
    }

    pub(crate) fn take<T: FromSql>(&mut self) -> Result<T, Failure> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// A field that a domain type parses.
    pub(crate) fn parse<S: FromSql, T, E>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(S) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let stored = self.take()?;
        parse(stored).map_err(|_| Failure::Damaged(name))
    }

    pub(crate) fn number(&mut self) -> Result<u64, Failure> {
        u64::try_from(self.take::<i64>()?).map_err(|_| Failure::Damaged("number"))
    }

    pub(crate) fn optional_number(&mut self) -> Result<Option<u64>, Failure> {
        let stored: Option<i64> = self.take()?;
        stored.map(u64::try_from).transpose().map_err(|_| Failure::Damaged("number"))
    }

    pub(crate) fn small_number(&mut self) -> Result<u32, Failure> {
        u32::try_from(self.take::<i64>()?).map_err(|_| Failure::Damaged("number"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Failure> {
        match self.take::<i64>()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Failure::Damaged("flag")),
        }
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Failure> {
        self.number().and_then(timestamp)
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<Timestamp>, Failure> {
        self.optional_number()?.map(timestamp).transpose()
    }
}

fn timestamp(millis: u64) -> Result<Timestamp, Failure> {
    let time = Timestamp::from_millis(millis);
    if time.as_millis() == millis { Ok(time) } else { Err(Failure::Damaged("time")) }
}

/// CRC-32 over values, each with its type and length, so that no byte can move to its neighbour unseen.
#[derive(Default)]
struct Checksum(Hasher);

impl Checksum {
    fn add(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.0.update(&[0]),
            ValueRef::Integer(number) => self.add_bytes(1, &number.to_be_bytes()),
            ValueRef::Real(number) => self.add_bytes(2, &number.to_be_bytes()),
            ValueRef::Text(text) => self.add_bytes(3, text),
            ValueRef::Blob(bytes) => self.add_bytes(4, bytes),
        }
    }

    fn add_bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.0.update(&[kind]);
        self.0.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> i64 {
        i64::from(self.0.finalize())
    }
}
