//! Packages in extracted/ to typed, relational packages in normalized/.
