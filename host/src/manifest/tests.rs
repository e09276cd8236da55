//! Broken manifests and what is said about them; whole ones and what is read from them.
