//! How much an account stores, and what it may still take.

/// What an account stores: contents old and new, the trash included, and what uploads under way may still bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes of whole contents.
    pub used_bytes: u64,
    /// Bytes set aside for uploads under way.
    pub reserved_bytes: u64,
}

/// There is no room for an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's quota leaves {available_bytes} bytes")]
pub struct OverQuota {
    /// The room there is, in bytes.
    pub available_bytes: u64,
}

impl Usage {
    /// What is stored with `size_bytes` more set aside, if `limit_bytes` allow it.
    ///
    /// # Errors
    /// [`OverQuota`].
    pub const fn reserve(self, size_bytes: u64, limit_bytes: u64) -> Result<Self, OverQuota> {
        let available_bytes = limit_bytes.saturating_sub(self.used_bytes).saturating_sub(self.reserved_bytes);
        if size_bytes > available_bytes {
            return Err(OverQuota { available_bytes });
        }
        Ok(Self { reserved_bytes: self.reserved_bytes + size_bytes, ..self })
    }

    /// What is stored once an upload that had set `reserved_bytes` aside has brought `size_bytes`.
    #[must_use]
    pub const fn settle(self, reserved_bytes: u64, size_bytes: u64) -> Self {
        Self {
            used_bytes: self.used_bytes.saturating_add(size_bytes),
            reserved_bytes: self.reserved_bytes.saturating_sub(reserved_bytes),
        }
    }

    /// What is stored once an upload that had set `reserved_bytes` aside was given up.
    #[must_use]
    pub const fn give_up(self, reserved_bytes: u64) -> Self {
        self.settle(reserved_bytes, 0)
    }

    /// What is stored once contents of `size_bytes` are gone.
    #[must_use]
    pub const fn free(self, size_bytes: u64) -> Self {
        Self { used_bytes: self.used_bytes.saturating_sub(size_bytes), ..self }
    }
}
