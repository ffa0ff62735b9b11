// The bash front end: text -> syntax tree -> simple commands with resolved words, or "unknown".
// It accepts what bash 5.2 accepts as `bash -c TEXT` and refuses what `bash -n` refuses. It never
// runs anything, reads no file and no clock, and never calls a text complete when bash could start
// a program that the answer does not list.
//
// Not here: what the commands do (catalogue/), wrappers such as sudo or sh -c (the judge unwraps
// them with the catalogue's knowledge and calls analyze() again on inner text).
//
// Bounds: limits::kShell*. Past one the text is refused or incomplete as a whole, never partly
// judged. Time linear in the input. Pure; thread safe.
// Source: bash(1) 5.2, POSIX.1-2017 XCU 2.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/command.h"

namespace countersign::shell {

enum class Dialect {
    Bash,  ///< bash -c
    Posix  ///< sh -c (dash)
};

struct SyntaxTree;  // shell/tree.h

/// Owns a tree and the arena that it lives in. Movable. The text is copied in.
class Parsed {
public:
    explicit Parsed(std::unique_ptr<SyntaxTree> tree);
    Parsed(Parsed&&) noexcept;
    Parsed& operator=(Parsed&&) noexcept;
    ~Parsed();
    [[nodiscard]] const SyntaxTree& tree() const { return *tree_; }

private:
    std::unique_ptr<SyntaxTree> tree_;
};

/// Either `parsed` or `error` is set. NUL bytes, unterminated constructs and a passed bound are
/// positioned errors as well.
struct ParseOutcome {
    std::optional<Parsed> parsed;
    model::SyntaxError error;
    [[nodiscard]] bool ok() const { return parsed.has_value(); }
};

ParseOutcome parse(std::string_view text, Dialect dialect = Dialect::Bash);

/// Source that parses to an equal tree (see trees_equal) and that bash -n accepts: the canonical
/// spelling, or the text as it was written where the canonical spelling would read as another tree
/// (odd here-document delimiters, quotes that pair across comments).
std::string print(const SyntaxTree& tree);
/// The canonical spelling alone, which may in such corners read as another tree.
std::string print_canonical(const SyntaxTree& tree);
/// Structural equality, spans ignored.
bool trees_equal(const SyntaxTree& a, const SyntaxTree& b);

/// What is known around the text.
struct Surroundings {
    std::optional<std::string> directory;  ///< absolute; nullopt: not known
    std::optional<std::string> home;       ///< value of HOME; nullopt: "~" is unknown
    /// Variables with known values at the start. Anything else is unknown, not empty.
    std::map<std::string, std::string> variables;
    std::vector<std::string> positional;  ///< $1 ...; for sh -c TEXT NAME ARG...
    bool positional_known = true;         ///< false: $1 ... may be anything
    std::optional<std::string> zero;      ///< $0
    Dialect dialect = Dialect::Bash;
};

/// Parses and resolves. A syntax error gives facts with `error` set and complete == false.
model::CommandFacts analyze(std::string_view text, const Surroundings& surroundings);

}  // namespace countersign::shell
