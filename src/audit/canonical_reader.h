// Reads canonical JSON (RFC 8785) without building it anew: one pass checks the form and notes
// where each value lies. Verification reads every record of a log, and parse-and-print-again took
// nine tenths of its time.
//
// Exact in one direction, by design: Verdict::Canonical is said only of what certainly is
// canonical. What RFC 8785 decides by rules that are costly to check here (fractions and numbers
// beyond 15 digits, names with escapes or beyond ASCII, whose order is by UTF-16 units) is Unsure,
// and the caller compares with text::canonical_json. The values are there in both cases.
//
// Internal to audit/. One reader serves many documents one after the other and keeps its room. Not
// thread safe; values and views are good until the next read() and while the text lives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::audit {

class CanonicalReader {
public:
    enum class Verdict { Canonical, Unsure, Malformed };
    enum class Kind : std::uint8_t { Null, False, True, Number, String, Array, Object };

private:
    struct Node {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::uint32_t name_begin = 0;
        std::uint32_t name_end = 0;
        std::uint32_t after = 0;  ///< the first node that is not below this one
        Kind kind = Kind::Null;
    };

public:
    /// A value of the document; a default one stands for a member that is not there.
    class Value {
    public:
        Value() = default;
        [[nodiscard]] bool exists() const { return reader_ != nullptr; }
        [[nodiscard]] bool is(Kind kind) const { return exists() && node().kind == kind; }
        /// The member of an object; none when absent or when this is no object.
        [[nodiscard]] Value member(std::string_view name) const;
        /// A string as it stands in the document, escapes and all: equal texts have equal spellings
        /// in canonical form. Empty when this is no string.
        [[nodiscard]] std::string_view text() const;
        /// The value's bytes in the document.
        [[nodiscard]] std::string_view raw() const;
        /// Whole numbers of up to 15 digits; else `fallback`.
        [[nodiscard]] std::int64_t integer_or(std::int64_t fallback) const;
        /// The name that this value is a member under.
        [[nodiscard]] std::string_view name() const;
        /// Calls `visit(Value)` with each element or member in order.
        template <typename Visit>
        void each(Visit visit) const {
            for (std::uint32_t i = index_ + 1; exists() && i < node().after;
                 i = reader_->nodes_[i].after) {
                visit(Value(reader_, i));
            }
        }

    private:
        friend class CanonicalReader;
        Value(const CanonicalReader* reader, std::uint32_t index)
            : reader_(reader), index_(index) {}
        [[nodiscard]] const Node& node() const { return reader_->nodes_[index_]; }
        const CanonicalReader* reader_ = nullptr;
        std::uint32_t index_ = 0;
    };

    /// The text must be shorter than 4 GiB; longer or deeper than limits::kJsonDepthMax: Malformed.
    Verdict read(std::string_view text);
    /// The whole document; after Malformed none.
    [[nodiscard]] Value root() const;

private:
    [[nodiscard]] std::string_view slice(std::uint32_t begin, std::uint32_t end) const {
        return text_.substr(begin, end - begin);
    }
    bool value(std::size_t depth);
    bool array(std::size_t depth);
    bool object(std::size_t depth);
    bool member(std::size_t depth, std::string_view& name, bool& plain);
    bool string();
    bool escape();
    bool number();
    bool literal(std::string_view word);
    bool take(char c);
    [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(at_); }

    std::string_view text_;
    std::size_t at_ = 0;
    bool sure_ = true;
    bool high_bytes_ = false;
    bool special_ = false;  ///< the string just read has escapes or bytes beyond ASCII
    std::vector<Node> nodes_;
};

}  // namespace countersign::audit
