// The half of verification that needs no order: lines are taken apart, hashed and checked for form,
// in pieces that several threads share. The other half (chain, tree, rules) takes the lines one
// after the other as they come out here.
//
// Internal to audit/. A scan belongs to one thread; it starts others and joins them before it ends.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "audit/envelope.h"
#include "audit/record_facts.h"
#include "crypto/digest.h"

namespace countersign::audit {

/// One line, taken apart.
struct ScannedLine {
    std::string_view line;
    Envelope envelope;
    crypto::Digest leaf;
    std::optional<RecordType> type;  ///< nullopt: of a newer version
    RecordFacts facts;
    bool apart = false;   ///< the envelope could be read
    std::string problem;  ///< what is wrong with its form; empty: nothing
};

/// Looks at one line; what `into` held before is gone. A body that lies aside (envelope.blob) is
/// not looked at.
void scan_line(std::string_view line, CanonicalReader& reader, ScannedLine& into);
/// The same for a body that lay aside: sets facts and problem.
void scan_body(std::string_view body, CanonicalReader& reader, ScannedLine& into);

/// The complete lines of a text, in order. Whoever has nothing else to do scans the next piece that
/// nobody has taken, the reader as well while the piece that it needs is in somebody's hands.
class LineScan {
public:
    /// `text` must outlive the scan. `threads`: how many help; 0: this thread alone.
    LineScan(std::string_view text, unsigned threads);
    ~LineScan();
    LineScan(const LineScan&) = delete;
    LineScan& operator=(const LineScan&) = delete;

    /// The next line, good until the call after it; nullptr at the end.
    const ScannedLine* next();
    /// Bytes at the end that no newline ends.
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    /// Scanned pieces that may wait for the reader: few, so that what was found in them is still in
    /// the cache, and the rooms for it are used again.
    static constexpr std::size_t kPiecesAhead = 16;
    /// Where the lines of a piece are put; piece i has room i % kPiecesAhead.
    struct Room {
        std::vector<ScannedLine> lines;     ///< grows only
        std::size_t count = 0;              ///< how many of them are the piece's
        std::atomic<std::size_t> done = 0;  ///< the piece that lies here, plus one
    };
    void split(std::string_view text);
    void help();
    /// The next piece that nobody has and that has a room; nullopt: none now.
    std::optional<std::size_t> take();
    void scan(std::size_t piece, CanonicalReader& reader);
    void await(std::size_t piece);

    std::vector<std::string_view> pieces_;
    std::string_view rest_;
    std::array<Room, kPiecesAhead> rooms_;
    std::size_t current_ = 0;
    std::size_t at_ = 0;
    bool ready_ = false;                    ///< whether the current piece is scanned
    std::atomic<std::size_t> taken_ = 0;    ///< the first piece that nobody has
    std::atomic<std::size_t> allowed_ = 0;  ///< the first piece that has no room yet
    std::atomic<bool> stopping_ = false;
    CanonicalReader reader_;
    std::vector<std::jthread> helpers_;
};

}  // namespace countersign::audit
