#include "audit/receipt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "audit/checkpoints.h"
#include "audit/envelope.h"
#include "audit/layout.h"
#include "base/limits.h"
#include "crypto/sshsig.h"
#include "model/codec.h"
#include "text/encoding.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

constexpr std::string_view kFormat = "countersign-receipt@v1";
constexpr std::string_view kVoteNamespace = "countersign-vote@v1";
constexpr std::size_t kReceiptBytesMax = 64 * 1024 * 1024;
constexpr std::size_t kRecordsMax = 128;
constexpr std::size_t kProofMax = 64;

Error refused(std::string what) {
    return {ErrorCode::PermissionDenied, "receipt: " + std::move(what)};
}

json::string text_of(std::string_view text) {
    return json::string(text.data(), text.size());
}

/// Cannot fail: a receipt holds no floating-point numbers.
std::string canonical(const json::value& value) {
    return MUST(text::canonical_json(value));
}

/// The action that a record is about; empty when it names none.
std::string action_of(std::string_view type, const json::value& body) {
    const json::object* object = body.if_object();
    const json::value* holder = object == nullptr ? nullptr : &body;
    if (object != nullptr && type == record_type_name(RecordType::Vote)) {
        holder = object->if_contains("vote");
    }
    const json::object* inner = holder == nullptr ? nullptr : holder->if_object();
    const json::value* action = inner == nullptr ? nullptr : inner->if_contains("action");
    return action != nullptr && action->is_string() ? std::string(action->get_string())
                                                    : std::string();
}

Result<json::value> record_entry(Log& log, std::uint64_t seq, std::uint64_t size) {
    const std::vector<crypto::Digest> proof = TRY(log.inclusion_proof(seq, size));
    const LogLine line = TRY(log.read_line(seq));
    json::array hashes;
    for (const crypto::Digest& hash : proof) {
        hashes.emplace_back(text_of(text::to_base64(hash.bytes)));
    }
    json::object entry;
    entry["proof"] = std::move(hashes);
    entry["record"] = text_of(line.line);
    entry["body"] = line.body ? json::value(text_of(*line.body)) : json::value(nullptr);
    return json::value(std::move(entry));
}

/// One record of a receipt, taken out and checked against the tree head.
struct Proven {
    std::uint64_t seq = 0;
    std::string type;
    json::value body;
};

Result<Proven> proven_from(const json::value& value, const TreeHead& head) {
    text::ObjectReader in(value, "receipt record");
    const std::string line = in.string("record", kEntryBytesMax);
    const auto aside = in.optional_string("body", limits::kRecordBytesMax);
    const auto hashes = in.strings("proof", kProofMax, limits::kNameBytesMax);
    TRY(in.finish());
    const Envelope envelope = TRY(parse_envelope(line));
    std::vector<crypto::Digest> proof;
    for (const std::string& hash : hashes) {
        const auto bytes = text::from_base64(hash);
        const auto digest = bytes ? crypto::Digest::from_bytes(*bytes) : std::nullopt;
        if (!digest) {
            return Error(ErrorCode::Malformed, "receipt: a proof hash is no digest");
        }
        proof.push_back(*digest);
    }
    const std::string number = std::to_string(envelope.seq);
    if (!verify_inclusion(envelope.seq, head.size, leaf_hash(line), proof, head.root)) {
        return refused("record " + number + " does not stand in the log");
    }
    if (envelope.blob.has_value() != aside.has_value() ||
        (aside && (crypto::sha256(*aside) != envelope.blob->digest ||
                   aside->size() != envelope.blob->bytes))) {
        return refused("the body of record " + number + " was changed");
    }
    Proven out;
    out.seq = envelope.seq;
    out.type = std::string(envelope.type);
    out.body = TRY(text::parse_json(aside ? std::string_view(*aside) : envelope.body,
                                    limits::kRecordBytesMax));
    return out;
}

/// Gives how many approvals it asked for.
Result<std::size_t> take_decision(const Proven& record, ReceiptSummary& summary) {
    text::ObjectReader in(record.body, "decision");
    summary.action = in.string("action", limits::kNameBytesMax);
    summary.action_digest = in.string("digest", limits::kNameBytesMax);
    const std::string release = in.string("release", limits::kNameBytesMax);
    const auto* verdict_json = in.member("verdict");
    in.ignore_unknown();
    TRY(in.finish());
    const model::Verdict verdict = TRY(model::verdict_from(*verdict_json));
    summary.policy = verdict.policy;
    summary.decision = std::string(model::decision_name(verdict.decision));
    summary.state = release == "now" ? "released" : release == "held" ? "held" : "refused";
    summary.seq = record.seq;
    return static_cast<std::size_t>(verdict.approvals);
}

Result<void> take_vote(const Proven& record, ReceiptSummary& summary) {
    text::ObjectReader in(record.body, "vote");
    const std::string key_line = in.string("public_key", limits::kKeyFileBytesMax);
    const auto* vote_json = in.member("vote");
    TRY(in.finish());
    const model::Vote vote = TRY(model::vote_from(*vote_json));
    const crypto::PublicKey key = TRY(crypto::PublicKey::from_line(key_line));
    const auto good =
        crypto::sshsig_verify(key, vote.signature, kVoteNamespace, model::vote_statement(vote));
    if (!good.ok() || vote.action_digest != summary.action_digest) {
        return refused("the vote of " + vote.approver + " is not valid");
    }
    if (vote.ballot == model::Ballot::Approve) {
        summary.approvers.push_back(vote.approver);
    }
    return {};
}

/// A release after a question names people: each must have a valid vote for it in this receipt, and
/// they must be as many as the decision asked for.
Result<void> take_release(const Proven& record, std::size_t approvals, ReceiptSummary& summary) {
    text::ObjectReader in(record.body, "release");
    const auto named = in.strings("approvers", kRecordsMax, limits::kNameBytesMax);
    in.ignore_unknown();
    TRY(in.finish());
    const std::set<std::string> distinct(named.begin(), named.end());
    for (const std::string& name : distinct) {
        if (std::find(summary.approvers.begin(), summary.approvers.end(), name) ==
            summary.approvers.end()) {
            return refused("its release names " + name + ", whose vote is not in it");
        }
    }
    if (summary.decision == model::decision_name(model::Decision::StepUp) &&
        distinct.size() < std::max<std::size_t>(approvals, 1)) {
        return refused("its release has fewer votes than the decision asked for");
    }
    summary.state = "released";
    return {};
}

Result<ReceiptSummary> summarise(const std::vector<Proven>& records, const std::string& origin) {
    ReceiptSummary summary;
    summary.origin = origin;
    std::uint64_t last = 0;
    std::size_t approvals = 0;
    for (const Proven& record : records) {
        const bool first = &record == &records.front();
        const bool decision = record.type == record_type_name(RecordType::Decision);
        if ((first && !decision) || (!first && record.seq <= last)) {
            return refused("it must hold a decision and then what followed it");
        }
        last = record.seq;
        if (!first && action_of(record.type, record.body) != summary.action) {
            return refused("record " + std::to_string(record.seq) + " is of another action");
        }
        if (decision) {
            // An action that was deferred is decided again; the last decision counts.
            summary.approvers.clear();
            approvals = TRY(take_decision(record, summary));
            continue;
        }
        if (record.type == record_type_name(RecordType::Vote)) {
            TRY(take_vote(record, summary));
        } else if (record.type == record_type_name(RecordType::Release)) {
            TRY(take_release(record, approvals, summary));
        } else if (record.type == record_type_name(RecordType::Refusal)) {
            summary.state = "refused";
        }
    }
    return summary;
}

}  // namespace

Result<std::string> make_receipt(Log& log, const ReceiptRequest& request) {
    std::vector<std::uint64_t> wanted = {request.decision};
    wanted.insert(wanted.end(), request.others.begin(), request.others.end());
    if (wanted.size() > kRecordsMax) {
        return Error(ErrorCode::LimitExceeded, "receipt: too many records");
    }
    const std::string note = TRY(log.checkpoint());
    const TreeHead head = TRY(open_checkpoint(note, {log.verifier()}));
    json::object out;
    out["checkpoint"] = text_of(note);
    out["format"] = text_of(kFormat);
    json::array records;
    std::vector<Proven> proven;
    for (const std::uint64_t seq : wanted) {
        json::value entry = TRY(record_entry(log, seq, head.size));
        // Checked as a reader would: damaged tiles must not become a receipt that fails elsewhere.
        Proven record = TRY(proven_from(entry, head));
        proven.push_back(std::move(record));
        records.push_back(std::move(entry));
    }
    const auto summary = summarise(proven, head.origin);
    if (!summary.ok()) {
        return Error(ErrorCode::InvalidArgument, summary.error().message);
    }
    out["records"] = std::move(records);
    const std::string signature = crypto::sshsig_sign(log.key(), kFormat, canonical(out));
    out["signature"] = text_of(signature);
    return canonical(out);
}

Result<ReceiptSummary> verify_receipt(std::string_view receipt,
                                      const std::vector<crypto::NoteVerifier>& verifiers) {
    const json::value value = TRY(text::parse_json(receipt, kReceiptBytesMax));
    text::ObjectReader in(value, "receipt");
    const std::string note = in.string("checkpoint", crypto::kNoteBytesMax);
    const std::string format = in.string("format", limits::kNameBytesMax);
    const std::string signature = in.string("signature", crypto::kSshsigBytesMax);
    const auto* entries = in.member("records");
    TRY(in.finish());
    if (format != kFormat || !entries->is_array() || entries->get_array().empty() ||
        entries->get_array().size() > kRecordsMax) {
        return Error(ErrorCode::Malformed, "receipt: another format, or no records");
    }
    const TreeHead head = TRY(open_checkpoint(note, verifiers));
    json::object unsigned_part = value.get_object();
    unsigned_part.erase("signature");
    bool signed_by_log = false;
    for (const crypto::NoteVerifier& verifier : verifiers) {
        signed_by_log = signed_by_log || (verifier.name == head.origin &&
                                          crypto::sshsig_verify(verifier.key, signature, kFormat,
                                                                canonical(unsigned_part))
                                              .ok());
    }
    if (!signed_by_log) {
        return refused("its signature is not that of the log " + head.origin);
    }
    std::vector<Proven> records;
    for (const json::value& entry : entries->get_array()) {
        Proven record = TRY(proven_from(entry, head));
        records.push_back(std::move(record));
    }
    return summarise(records, head.origin);
}

}  // namespace countersign::audit
