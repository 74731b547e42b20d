//! What an error of librdkafka asks the caller to do.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::log::LogError;

/// Names a failure of something that reads or asks.
pub(super) fn log_error(doing: &str, error: &KafkaError) -> LogError {
    let what = format!("{doing}: {error}");
    match error.rdkafka_error_code() {
        Some(Code::FencedInstanceId | Code::Fenced) => LogError::Fenced { what },
        Some(code) if is_refusal(code) => LogError::halt(format!("{what}; see `ledgerline doctor`")),
        Some(_) => LogError::retry(what),
        // Nothing that a broker has said: our own configuration or use.
        None => LogError::halt(what),
    }
}

/// True where another has taken this producer's id over.
pub(super) fn is_fenced(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
}

/// True where the topic or partition is not there.
pub(super) fn is_missing(code: Code) -> bool {
    matches!(code, Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicOrPartition | Code::InvalidTopic)
}

/// True where the log will never take this record, wherever it goes.
pub(super) fn is_unacceptable(code: Code) -> bool {
    let too_large = matches!(code, Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge);
    too_large || matches!(code, Code::InvalidRecord | Code::InvalidMessage)
}

/// True where only the operator can help.
fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::UnsupportedVersion
            | Code::InvalidConfig
            | Code::InvalidReplicationFactor
            | Code::InvalidPartitions
            | Code::PolicyViolation
            | Code::UnsupportedSASLMechanism
            | Code::SSL
            | Code::InvalidArgument
    )
}
