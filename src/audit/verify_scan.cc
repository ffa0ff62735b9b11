#include "audit/verify_scan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "audit/merkle.h"
#include "base/limits.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

/// Large enough that handing over costs nothing, small enough that results stay in the cache.
constexpr std::size_t kPieceBytes = 64 * 1024;

/// The exact comparison, for what the reader is not sure of and for the message.
std::string why_not_canonical(std::string_view body) {
    const auto value = text::parse_json(body, limits::kRecordBytesMax);
    if (!value.ok()) {
        return value.error().message;
    }
    const auto canonical = text::canonical_json(value.value());
    return canonical.ok() && canonical.value() == body ? "" : "the body is not in canonical form";
}

}  // namespace

void scan_body(std::string_view body, CanonicalReader& reader, ScannedLine& into) {
    const auto verdict = reader.read(body);
    if (verdict != CanonicalReader::Verdict::Canonical) {
        into.problem = why_not_canonical(body);
        if (into.problem.empty() && verdict == CanonicalReader::Verdict::Malformed) {
            into.problem = "the body is not in canonical form";
        }
    }
    if (into.problem.empty() && into.type) {
        into.problem = facts_of(*into.type, reader.root(), into.facts);
    }
}

void scan_line(std::string_view line, CanonicalReader& reader, ScannedLine& into) {
    into = ScannedLine{};
    into.line = line;
    auto envelope = parse_envelope(line);
    if (!envelope.ok()) {
        into.problem = envelope.error().message;
        return;
    }
    into.envelope = envelope.take();
    into.apart = true;
    into.leaf = leaf_hash(line);
    into.type = record_type_from(into.envelope.type);
    if (!into.envelope.blob) {
        scan_body(into.envelope.body, reader, into);
    }
}

LineScan::LineScan(std::string_view text, unsigned threads) {
    split(text);
    allowed_ = std::min(pieces_.size(), kPiecesAhead);
    for (unsigned i = 0; i < threads && pieces_.size() > 1; ++i) {
        helpers_.emplace_back([this] { help(); });
    }
}

LineScan::~LineScan() {
    stopping_ = true;
    // Wakes who waits for a room.
    allowed_ = pieces_.size() + 1;
    allowed_.notify_all();
}

void LineScan::split(std::string_view text) {
    const std::size_t end = text.rfind('\n');
    const std::size_t whole = end == std::string_view::npos ? 0 : end + 1;
    rest_ = text.substr(whole);
    text = text.substr(0, whole);
    while (!text.empty()) {
        // A piece ends with a line; the last one takes what is left.
        const bool last = text.size() <= kPieceBytes;
        pieces_.push_back(last ? text : text.substr(0, text.find('\n', kPieceBytes) + 1));
        text.remove_prefix(pieces_.back().size());
    }
}

std::optional<std::size_t> LineScan::take() {
    std::size_t piece = taken_;
    while (!stopping_ && piece < std::min(allowed_.load(), pieces_.size())) {
        if (taken_.compare_exchange_weak(piece, piece + 1)) {
            return piece;
        }
    }
    return std::nullopt;
}

void LineScan::scan(std::size_t piece, CanonicalReader& reader) {
    Room& room = rooms_[piece % kPiecesAhead];
    std::string_view text = pieces_[piece];
    room.count = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (room.count == room.lines.size()) {
            room.lines.emplace_back();
        }
        scan_line(text.substr(0, end), reader, room.lines[room.count++]);
        text.remove_prefix(end + 1);
    }
    room.done = piece + 1;
    room.done.notify_all();
}

void LineScan::help() {
    CanonicalReader reader;
    while (!stopping_ && taken_ < pieces_.size()) {
        if (const auto piece = take()) {
            scan(*piece, reader);
            continue;
        }
        const std::size_t allowed = allowed_;
        if (taken_ >= allowed && allowed < pieces_.size()) {
            allowed_.wait(allowed);
        }
    }
}

void LineScan::await(std::size_t piece) {
    const Room& room = rooms_[piece % kPiecesAhead];
    for (std::size_t done = room.done; done != piece + 1; done = room.done) {
        if (const auto other = take()) {
            scan(*other, reader_);
        } else {
            room.done.wait(done);
        }
    }
}

const ScannedLine* LineScan::next() {
    while (current_ < pieces_.size()) {
        if (!ready_) {
            await(current_);
            ready_ = true;
        }
        const Room& room = rooms_[current_ % kPiecesAhead];
        if (at_ < room.count) {
            return &room.lines[at_++];
        }
        ready_ = false;
        at_ = 0;
        ++current_;
        allowed_ = std::min(pieces_.size(), current_ + kPiecesAhead);
        allowed_.notify_all();
    }
    return nullptr;
}

}  // namespace countersign::audit
