//! Where snapshots are kept, as it is written in a setting or on a command line. Never opens it.

use std::fmt;
use std::path::PathBuf;

use object_store::aws::AmazonS3ConfigKey;
use url::Url;

/// An object store, or a folder that stands for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine, or one mounted into it.
    Folder(PathBuf),
    /// A bucket of S3 or of what speaks like it.
    S3 {
        /// The bucket.
        bucket: String,
        /// What every path in it opens with; may be empty.
        prefix: String,
    },
}

impl Place {
    /// Reads a folder's path, `file:///…`, or `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        const WANTED: &str = "write a folder's path, file:///PATH or s3://BUCKET/PREFIX";
        if text.is_empty() {
            return Err(WANTED.to_owned());
        }
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let url = Url::parse(text).map_err(|error| format!("{WANTED} ({error})"))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{WANTED}; keys and options stand in snapshots.options or in AWS_… variables"));
        }
        match (url.scheme(), url.host_str()) {
            ("file", None | Some("")) => {
                url.to_file_path().map(Self::Folder).map_err(|()| "write file:///PATH with a whole path".to_owned())
            }
            ("s3" | "s3a", Some(bucket)) => {
                Ok(Self::S3 { bucket: bucket.to_owned(), prefix: url.path().trim_matches('/').to_owned() })
            }
            _ => Err(WANTED.to_owned()),
        }
    }

    /// Whether S3 knows an option of this name.
    pub fn knows_option(name: &str) -> bool {
        name.parse::<AmazonS3ConfigKey>().is_ok()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Folder(path) => write!(f, "{}", path.display()),
            Place::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Place::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let check = |text: &str, shown: &str| assert_eq!(Place::parse(text).unwrap().to_string(), shown);
        check("copies", "copies");
        check("/mnt/copies", "/mnt/copies");
        check("file:///mnt/my%20copies", "/mnt/my copies");
        check("s3://bucket", "s3://bucket");
        check("s3://bucket/a/b/", "s3://bucket/a/b");
        check("s3a://bucket/a", "s3://bucket/a");
        for wrong in ["", "file://host/x", "http://example.org/x", "gs://bucket", "s3://key:secret@bucket/x", "s3:///x"]
        {
            let said = Place::parse(wrong).unwrap_err();
            assert!(said.contains("write"), "{wrong}: {said}");
        }
    }

    #[test]
    fn options_are_known_by_their_names() {
        for known in ["aws_region", "endpoint", "aws_secret_access_key", "allow_http", "timeout"] {
            assert!(Place::knows_option(known), "{known}");
        }
        assert!(!Place::knows_option("regoin"));
    }
}
