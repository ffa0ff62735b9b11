#include "audit/proof.h"

#include "audit/checkpoints.h"
#include "audit/envelope.h"
#include "audit/log.h"
#include "text/encoding.h"
#include "text/number.h"

namespace countersign::audit {
namespace {

constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kPathMax = 63;
constexpr std::size_t kProofBytesMax = 2 * kEntryBytesMax + 2 * crypto::kNoteBytesMax;

Error malformed(const char* what) {
    return {ErrorCode::Malformed, std::string("not a tlog-proof: ") + what};
}

}  // namespace

std::string print_proof(const RecordProof& proof) {
    std::string out(kProofHeader);
    out += std::string(kExtra) + text::to_base64(text::bytes_of(proof.record)) + "\n";
    out += std::string(kIndex) + std::to_string(proof.seq) + "\n";
    for (const crypto::Digest& hash : proof.path) {
        out += text::to_base64(hash.bytes) + "\n";
    }
    return out + "\n" + proof.checkpoint;
}

Result<RecordProof> parse_proof(std::string_view text) {
    if (text.size() > kProofBytesMax || !text.starts_with(kProofHeader)) {
        return malformed("another format, or too long");
    }
    const std::size_t gap = text.find("\n\n");
    if (gap == std::string_view::npos) {
        return malformed("no checkpoint");
    }
    RecordProof proof;
    proof.checkpoint = std::string(text.substr(gap + 2));
    std::string_view lines = text.substr(kProofHeader.size(), gap + 1 - kProofHeader.size());
    const auto next = [&lines] {
        const std::size_t end = lines.find('\n');
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
        return line;
    };
    const std::string_view extra = next();
    const std::string_view index = next();
    const auto record =
        extra.starts_with(kExtra) ? text::from_base64(extra.substr(kExtra.size())) : std::nullopt;
    const auto seq = index.starts_with(kIndex)
                         ? text::parse_integer(index.substr(kIndex.size()), 0, INT64_MAX)
                         : std::nullopt;
    if (!record || !seq) {
        return malformed("no record, or no index");
    }
    proof.record = *record;
    proof.seq = static_cast<std::uint64_t>(*seq);
    while (!lines.empty()) {
        const auto bytes = text::from_base64(next());
        const auto hash = bytes ? crypto::Digest::from_bytes(*bytes) : std::nullopt;
        if (!hash || proof.path.size() == kPathMax) {
            return malformed("a line is no hash, or there are too many");
        }
        proof.path.push_back(*hash);
    }
    return print_proof(proof) == text ? Result<RecordProof>(std::move(proof))
                                      : malformed("another spelling");
}

Result<RecordProof> prove_record(LogFiles& log, std::uint64_t seq) {
    RecordProof proof;
    proof.record = TRY(log.line(seq));
    proof.seq = seq;
    proof.path = TRY(log.inclusion_proof(seq));
    proof.checkpoint = log.checkpoint();
    return proof;
}

Result<RecordProof> verify_proof(std::string_view text,
                                 const std::vector<crypto::NoteVerifier>& verifiers) {
    RecordProof proof = TRY(parse_proof(text));
    const TreeHead head = TRY(open_checkpoint(proof.checkpoint, verifiers));
    const Envelope envelope = TRY(parse_envelope(proof.record));
    if (envelope.seq != proof.seq ||
        !verify_inclusion(proof.seq, head.size, leaf_hash(proof.record), proof.path, head.root)) {
        return Error(ErrorCode::PermissionDenied, "the record does not stand in the log " +
                                                      head.origin + " as its checkpoint has it");
    }
    return proof;
}

}  // namespace countersign::audit
