#include "audit/envelope.h"

#include <algorithm>
#include <limits>

#include "text/number.h"

namespace countersign::audit {
namespace {

constexpr std::string_view kBody = "{\"body\":";
constexpr std::string_view kBlobBytes = "{\"body_blob\":{\"bytes\":";
constexpr std::string_view kBlobDigest = ",\"digest\":\"";
constexpr std::string_view kBlobEnd = "\"}";
constexpr std::string_view kPrevious = ",\"prev\":\"";
constexpr std::string_view kSeq = "\",\"seq\":";
constexpr std::string_view kTime = ",\"time\":\"";
constexpr std::string_view kType = "\",\"type\":\"";
constexpr std::string_view kEnd = "\",\"v\":1}";
constexpr std::size_t kInstantLength = 27;
constexpr std::size_t kDigestTextLength = 71;
/// Numbers stay exact in JSON readers that only know doubles.
constexpr std::int64_t kNumberMax = (std::int64_t{1} << 53) - 1;

/// Takes literals and values off the front of a line.
class Cursor {
public:
    explicit Cursor(std::string_view rest) : rest_(rest) {}
    void literal(std::string_view expected) {
        ok_ = ok_ && rest_.starts_with(expected);
        rest_.remove_prefix(ok_ ? expected.size() : 0);
    }
    std::string_view take(std::size_t count) {
        ok_ = ok_ && rest_.size() >= count;
        const std::string_view taken = rest_.substr(0, ok_ ? count : 0);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::uint64_t number() {
        std::size_t length = 0;
        while (length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') {
            ++length;
        }
        const auto value = text::parse_integer(take(length), 0, kNumberMax);
        ok_ = ok_ && value.has_value();
        return static_cast<std::uint64_t>(value.value_or(0));
    }
    std::string_view until(char end) { return take(std::min(rest_.find(end), rest_.size())); }
    void require(bool condition) { ok_ = ok_ && condition; }
    [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }
    [[nodiscard]] bool ok() const { return ok_; }

private:
    std::string_view rest_;
    bool ok_ = true;
};

/// Once per record of a log that is verified, so without a string in between.
std::optional<crypto::Digest> digest_from_hex(std::string_view hex) {
    crypto::Digest digest;
    if (hex.size() != 2 * digest.bytes.size()) {
        return std::nullopt;
    }
    const auto nibble = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
        const int high = nibble(hex[2 * i]);
        const int low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        digest.bytes[i] = static_cast<std::byte>(high * 16 + low);
    }
    return digest;
}

/// Where the envelope's own members begin, found from the end: the body may hold the same words.
/// Only type and number are of unknown length, and neither holds a quote.
std::optional<std::size_t> tail_of(std::string_view line) {
    constexpr std::size_t kBeforeType = kTime.size() + kInstantLength + kType.size();
    constexpr std::size_t kBeforeSeq = kPrevious.size() + 2 * crypto::kDigestBytes + kSeq.size();
    if (line.size() < kEnd.size()) {
        return std::nullopt;
    }
    const std::size_t quote = line.rfind('"', line.size() - kEnd.size() - 1);
    if (quote == std::string_view::npos || quote + 1 < kBeforeType) {
        return std::nullopt;
    }
    std::size_t at = quote + 1 - kBeforeType;
    while (at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9') {
        --at;
    }
    return at < kBeforeSeq ? std::nullopt : std::optional(at - kBeforeSeq);
}

bool type_ok(std::string_view type) {
    return !type.empty() && type.size() <= 64 && std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::optional<BlobReference> parse_blob(std::string_view head) {
    Cursor in(head);
    in.literal(kBlobBytes);
    BlobReference blob;
    blob.bytes = in.number();
    in.literal(kBlobDigest);
    const auto digest = crypto::Digest::parse(in.take(kDigestTextLength));
    in.literal(kBlobEnd);
    if (!in.finished() || !digest) {
        return std::nullopt;
    }
    blob.digest = *digest;
    return blob;
}

}  // namespace

std::string print_envelope(const Envelope& envelope) {
    std::string out;
    out.reserve(envelope.body.size() + 256);
    if (envelope.blob) {
        out += kBlobBytes;
        out += std::to_string(envelope.blob->bytes);
        out += kBlobDigest;
        out += envelope.blob->digest.text();
        out += kBlobEnd;
    } else {
        out += kBody;
        out += envelope.body;
    }
    out += kPrevious;
    out += envelope.previous.hex();
    out += kSeq;
    out += std::to_string(envelope.seq);
    out += kTime;
    out += format_instant(envelope.time);
    out += kType;
    out += envelope.type;
    out += kEnd;
    return out;
}

Result<Envelope> parse_envelope(std::string_view line) {
    const Error malformed(ErrorCode::Malformed, "not a record of an audit log");
    const auto tail = tail_of(line);
    if (!tail) {
        return malformed;
    }
    Envelope envelope;
    Cursor in(line.substr(*tail));
    in.literal(kPrevious);
    const auto digest = digest_from_hex(in.take(2 * crypto::kDigestBytes));
    in.literal(kSeq);
    envelope.seq = in.number();
    in.literal(kTime);
    const auto time = parse_instant(in.take(kInstantLength));
    in.literal(kType);
    envelope.type = in.until('"');
    in.literal(kEnd);
    if (!in.finished() || !digest || !time || !type_ok(envelope.type)) {
        return malformed;
    }
    envelope.previous = *digest;
    envelope.time = *time;
    const std::string_view head = line.substr(0, *tail);
    if (head.starts_with(kBody)) {
        envelope.body = head.substr(kBody.size());
        if (envelope.body.size() < 2 || envelope.body.front() != '{' ||
            envelope.body.back() != '}') {
            return malformed;
        }
        return envelope;
    }
    envelope.blob = parse_blob(head);
    if (!envelope.blob) {
        return malformed;
    }
    return envelope;
}

}  // namespace countersign::audit
