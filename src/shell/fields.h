// Builds the words that one written word expands to: quoting decides what splits and what stays a
// glob. Unknown pieces make the field that they stand in unknown, with its known beginning kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/command.h"
#include "shell/values.h"

namespace countersign::shell {

enum class Quoting : std::uint8_t { None, Quoted };
/// Whether the word is one that bash splits and matches against files, or one that it does not
/// (an assignment's value, a case subject, a here-string).
enum class Splitting : std::uint8_t { Fields, Single };

/// Whether a character stands there that a glob can start with. A loop of its own since
/// find_first_of() makes a call for each character.
inline bool holds_glob_character(std::string_view text) {
    bool holds = false;
    for (const char c : text) {
        holds = holds || c == '*' || c == '?' || c == '[';
    }
    return holds;
}

class FieldBuilder {
public:
    /// `separators` outlives the builder.
    FieldBuilder(Splitting splitting, std::string_view separators, bool separators_known)
        : splitting_(splitting), separators_(separators), separators_known_(separators_known) {}

    FieldBuilder(Splitting splitting, std::string&& separators, bool separators_known) = delete;

    /// Extended globs may be on: an unquoted expansion that holds a parenthesis may be one.
    void may_extend_globs() { extended_globs_ = true; }
    /// Written text. Unquoted text may hold globs but never splits.
    void literal(std::string_view text, Quoting quoting);
    /// The result of an expansion.
    void expansion(const Value& value, Quoting quoting);
    /// A quoted part stands here: the field exists even when it is empty.
    void present() { started_ = true; }
    /// The end of one element of "$@" and the start of the next.
    void next_element();
    [[nodiscard]] bool empty() const { return fields_.empty() && !started_; }
    [[nodiscard]] std::size_t text_size() const { return text_.size(); }
    [[nodiscard]] bool in_unknown() const { return unknown_; }
    [[nodiscard]] bool splits() const { return splitting_ == Splitting::Fields; }

    /// The fields. With Splitting::Single exactly one.
    std::vector<model::Word> finish(Span span);

private:
    void append(std::string_view text, Quoting quoting);
    void split(std::string_view text);
    void end_field();
    void unknown(const Value& value, Quoting quoting);
    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    [[nodiscard]] std::string pattern() const;
    [[nodiscard]] bool separates(char c) const { return separators_.find(c) != std::string::npos; }
    /// The text since the last unknown part becomes a piece of its own.
    void close_piece();

    Splitting splitting_;
    std::string_view separators_;
    bool separators_known_;
    bool extended_globs_ = false;
    std::vector<model::Word> fields_;
    bool started_ = false;
    bool unknown_ = false;
    bool splits_ = false;
    bool glob_ = false;
    bool glob_value_ = false;  ///< a value that is itself a glob: the text alone is not the word
    bool after_space_ = false;
    std::string text_;
    std::vector<Range> quoted_;  ///< parts of `text_` that are no pattern
    std::string prefix_;
    std::string why_;
    bool number_ = false;          ///< the only unknown part is an integer
    bool pieces_known_ = false;    ///< every unknown part is made of variables
    std::size_t piece_begin_ = 0;  ///< where in `text_` the last unknown part stands
    std::vector<model::WordPiece> pieces_;
};

}  // namespace countersign::shell
