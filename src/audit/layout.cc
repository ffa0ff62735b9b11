#include "audit/layout.h"

#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "base/limits.h"
#include "crypto/note.h"
#include "text/encoding.h"
#include "text/json.h"
#include "text/number.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

constexpr std::string_view kSegmentSuffix = ".jsonl";
constexpr std::size_t kSegmentDigits = 20;
constexpr std::int64_t kSeqMax = (std::int64_t{1} << 53) - 1;
constexpr std::size_t kPeaksMax = 64;

std::optional<crypto::Digest> digest_from_hex(std::string_view hex) {
    const auto bytes = text::from_hex(hex);
    return bytes ? crypto::Digest::from_bytes(*bytes) : std::nullopt;
}

std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

}  // namespace

std::string LogPaths::segment(std::uint64_t first) const {
    std::array<char, kSegmentDigits + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%020llu", static_cast<unsigned long long>(first));
    return segments() + "/" + digits.data() + std::string(kSegmentSuffix);
}

std::optional<std::uint64_t> segment_first(std::string_view name) {
    if (name.size() != kSegmentDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) {
        return std::nullopt;
    }
    std::string_view digits = name.substr(0, kSegmentDigits);
    while (digits.size() > 1 && digits.front() == '0') {
        digits.remove_prefix(1);
    }
    const auto number = text::parse_integer(digits, 0, kSeqMax);
    return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::string print_header(const SegmentHeader& header) {
    json::object out;
    out["first"] = header.first;
    out["format"] = json::string_view(kLogFormat);
    out["origin"] = header.origin;
    json::array peaks;
    for (const crypto::Digest& peak : header.peaks) {
        peaks.emplace_back(json::string(peak.hex()));
    }
    out["peaks"] = std::move(peaks);
    out["prev"] = header.previous.hex();
    out["time"] = format_instant(header.time);
    // Cannot fail: no floating-point numbers.
    return MUST(text::canonical_json(out));
}

Result<SegmentHeader> parse_header(std::string_view line) {
    const json::value value = TRY(text::parse_json(line, limits::kConfigBytesMax));
    text::ObjectReader in(value, "segment header");
    SegmentHeader header;
    header.first = static_cast<std::uint64_t>(in.integer("first", 0, kSeqMax));
    const std::string format = in.string("format", limits::kNameBytesMax);
    header.origin = in.string("origin", limits::kNameBytesMax);
    const auto previous = digest_from_hex(in.string("prev", limits::kNameBytesMax));
    const auto peaks = in.strings("peaks", kPeaksMax, limits::kNameBytesMax);
    const auto time = parse_instant(in.string("time", limits::kNameBytesMax));
    TRY(in.finish());
    if (format != kLogFormat || !previous || !time) {
        return Error(ErrorCode::Malformed, "segment header: another format");
    }
    header.previous = *previous;
    header.time = *time;
    for (const std::string& hex : peaks) {
        const auto peak = digest_from_hex(hex);
        if (!peak) {
            return Error(ErrorCode::Malformed, "segment header: a peak is no digest");
        }
        header.peaks.push_back(*peak);
    }
    if (!MerkleFrontier::resume(header.first, header.peaks)) {
        return Error(ErrorCode::Malformed, "segment header: its peaks do not fit its number");
    }
    return header;
}

std::string print_tree_head(const TreeHead& head) {
    return head.origin + "\n" + std::to_string(head.size) + "\n" +
           text::to_base64(head.root.bytes) + "\n";
}

Result<TreeHead> parse_tree_head(std::string_view text) {
    const auto origin = take_line(text);
    const auto size_line = take_line(text);
    const auto root_line = take_line(text);
    const auto size =
        size_line ? text::parse_integer(*size_line, 0, kSeqMax) : std::optional<std::int64_t>();
    const auto root_bytes = root_line ? text::from_base64(*root_line) : std::nullopt;
    const auto root = root_bytes ? crypto::Digest::from_bytes(*root_bytes) : std::nullopt;
    if (!origin || origin->empty() || !size || !root) {
        return Error(ErrorCode::Malformed, "not a checkpoint: origin, size and root expected");
    }
    TreeHead head;
    head.origin = std::string(*origin);
    head.size = static_cast<std::uint64_t>(*size);
    head.root = *root;
    return head;
}

std::string print_checkpoint_line(std::string_view note) {
    json::object out;
    out["note"] = json::string(note.data(), note.size());
    // Cannot fail: no floating-point numbers.
    return MUST(text::canonical_json(out));
}

Result<std::string> parse_checkpoint_line(std::string_view line) {
    const json::value value = TRY(text::parse_json(line, 2 * crypto::kNoteBytesMax));
    text::ObjectReader in(value, "checkpoint line");
    const std::string note = in.string("note", crypto::kNoteBytesMax);
    TRY(in.finish());
    return note;
}

}  // namespace countersign::audit
