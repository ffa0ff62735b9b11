#include "audit/attestation.h"

#include <boost/json.hpp>
#include <cstring>

#include "base/limits.h"
#include "text/encoding.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

constexpr std::size_t kEnvelopeBytesMax = 128 * 1024 * 1024;
constexpr std::size_t kPrefix = std::string_view("sha256:").size();

json::string text_of(std::string_view text) {
    return json::string(text.data(), text.size());
}

/// What DSSE signs ("pre-authentication encoding").
std::string signed_bytes(std::string_view payload) {
    return "DSSEv1 " + std::to_string(kPayloadType.size()) + " " + std::string(kPayloadType) + " " +
           std::to_string(payload.size()) + " " + std::string(payload);
}

json::value subject_of(const ReceiptSummary& summary) {
    return json::object{{"digest", {{"sha256", text_of(summary.action_digest.substr(kPrefix))}}},
                        {"name", text_of(summary.action)}};
}

Error refused(const char* what) {
    return {ErrorCode::PermissionDenied, std::string("attestation: ") + what};
}

/// The payload, when one of the keys signed it.
Result<std::string> open_envelope(std::string_view text,
                                  const std::vector<crypto::NoteVerifier>& verifiers) {
    const json::value envelope = TRY(text::parse_json(text, kEnvelopeBytesMax));
    text::ObjectReader in(envelope, "attestation");
    const auto payload = text::from_base64(in.string("payload", kEnvelopeBytesMax));
    const std::string type = in.string("payloadType", limits::kNameBytesMax);
    const json::value* signatures = in.member("signatures");
    TRY(in.finish());
    if (!payload || type != kPayloadType || !signatures->is_array() ||
        signatures->get_array().size() != 1) {
        return Error(ErrorCode::Malformed, "attestation: not an in-toto statement that one signed");
    }
    text::ObjectReader entry(signatures->get_array().front(), "attestation signature");
    const std::string key = entry.string("keyid", crypto::kNoteBytesMax);
    const auto bytes = text::from_base64(entry.string("sig", limits::kNameBytesMax));
    TRY(entry.finish());
    crypto::Signature signature{};
    if (!bytes || bytes->size() != signature.size()) {
        return Error(ErrorCode::Malformed, "attestation: a signature has another length");
    }
    std::memcpy(signature.data(), bytes->data(), signature.size());
    for (const crypto::NoteVerifier& verifier : verifiers) {
        if (verifier.text() == key &&
            crypto::verify(verifier.key, signed_bytes(*payload), signature)) {
            return *payload;
        }
    }
    return refused("its signature is not that of a log key that we know");
}

}  // namespace

Result<std::string> make_attestation(Log& log, std::string_view receipt) {
    const ReceiptSummary summary = TRY(verify_receipt(receipt, {log.verifier()}));
    json::value predicate = TRY(text::parse_json(receipt, kEnvelopeBytesMax));
    json::object statement;
    statement["_type"] = text_of(kStatementType);
    statement["predicate"] = std::move(predicate);
    statement["predicateType"] = text_of(kReceiptPredicate);
    statement["subject"] = json::array{subject_of(summary)};
    const std::string payload = TRY(text::canonical_json(statement));
    const crypto::Signature signature = log.key().sign(signed_bytes(payload));
    json::object envelope;
    envelope["payload"] = text_of(text::to_base64(text::bytes_of(payload)));
    envelope["payloadType"] = text_of(kPayloadType);
    envelope["signatures"] = json::array{json::object{
        {"keyid", text_of(log.verifier().text())}, {"sig", text_of(text::to_base64(signature))}}};
    return text::canonical_json(envelope);
}

Result<ReceiptSummary> verify_attestation(std::string_view envelope,
                                          const std::vector<crypto::NoteVerifier>& verifiers) {
    const std::string payload = TRY(open_envelope(envelope, verifiers));
    const json::value statement = TRY(text::parse_json(payload, kEnvelopeBytesMax));
    text::ObjectReader in(statement, "attestation statement");
    const std::string type = in.string("_type", limits::kNameBytesMax);
    const std::string predicate_type = in.string("predicateType", limits::kNameBytesMax);
    const json::value* predicate = in.member("predicate");
    const json::value* subject = in.member("subject");
    TRY(in.finish());
    if (type != kStatementType || predicate_type != kReceiptPredicate) {
        return Error(ErrorCode::Malformed, "attestation: another statement than a receipt");
    }
    const std::string receipt = TRY(text::canonical_json(*predicate));
    ReceiptSummary summary = TRY(verify_receipt(receipt, verifiers));
    if (*subject != json::array{subject_of(summary)}) {
        return refused("its subject is not the action of the receipt");
    }
    return summary;
}

}  // namespace countersign::audit
