// The syntax tree of one bash text. Nodes are plain values in the tree's arena; they point at each
// other and at text in the arena, and live exactly as long as their SyntaxTree.
//
// The tree says what was written, not what it means: brace expansion, tilde, globs and field
// splitting work on literal text and belong to resolution. What bash does not parse before it runs
// (backquotes, arithmetic, here-document bodies) is parsed here all the same; where that inner text
// is not valid the part is Malformed, as bash would only find out when it gets there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "model/command.h"
#include "shell/arena.h"
#include "shell/shell.h"

namespace countersign::shell {

using model::Span;

struct Part;
struct Script;
struct Command;
struct Parameter;
struct AssignmentForm;

/// One shell word as written. For an assignment (`assignment` set) the parts are those of its
/// value only.
struct Word {
    Span span;
    std::span<const Part> parts;
    const AssignmentForm* assignment = nullptr;

    [[nodiscard]] bool is_assignment() const { return assignment != nullptr; }
};

/// The word's text where it is one unquoted literal and no assignment; else empty.
std::string_view plain_text(const Word& word);

enum class PartKind : std::uint8_t {
    Literal,       ///< `text` unquoted; may hold globs, braces and a tilde
    Escaped,       ///< \c: `text` is the character
    SingleQuoted,  ///< '...'
    DoubleQuoted,  ///< "...": `parts`
    AnsiQuoted,    ///< $'...': `text` as written between the quotes
    LocaleQuoted,  ///< $"...": `parts`
    Parameter,     ///< $x, ${...}
    Command,       ///< $(...)
    Backquoted,    ///< `...`: `text` as written between the quotes
    Arithmetic,    ///< $((...)) or, with text "[", $[...]: `parts`
    ProcessIn,     ///< <(...)
    ProcessOut,    ///< >(...)
    Group,         ///< ?( *( +( @( !( of a pattern, or ( of a regular expression: `text` opens it
    Malformed      ///< `text` as written; bash meets the error when it expands this
};

struct Part {
    PartKind kind = PartKind::Literal;
    Span span;
    std::string_view text;
    std::span<const Part> parts;
    const Parameter* parameter = nullptr;
    const Script* script = nullptr;  ///< Command, Backquoted, Process*
};

enum class ParameterOperator : std::uint8_t {
    None,
    Default,        // ${x-w}, ${x:-w}
    AssignDefault,  // ${x=w}
    Error,          // ${x?w}
    Alternative,    // ${x+w}
    CutPrefix,      // ${x#w}
    CutLongPrefix,  // ${x##w}
    CutSuffix,      // ${x%w}
    CutLongSuffix,  // ${x%%w}
    Slice,          // ${x:offset:length}
    ReplaceFirst,   // ${x/p/r}
    ReplaceAll,     // ${x//p/r}
    ReplacePrefix,  // ${x/#p/r}
    ReplaceSuffix,  // ${x/%p/r}
    UpperFirst,     // ${x^p}
    UpperAll,       // ${x^^p}
    LowerFirst,     // ${x,p}
    LowerAll,       // ${x,,p}
    ToggleFirst,    // ${x~p}
    ToggleAll,      // ${x~~p}
    Transform,      // ${x@Q}
    NamesMatching   // ${!x*}, ${!x@}
};

struct Parameter {
    std::string_view name;
    bool braces = false;    ///< written with { }
    bool length = false;    ///< ${#x}
    bool indirect = false;  ///< ${!x}
    bool colon = false;     ///< ":-" rather than "-"
    bool has_second = false;
    ParameterOperator op = ParameterOperator::None;
    const Word* subscript = nullptr;
    Word first;   ///< the operator's word, pattern or offset
    Word second;  ///< replacement or length
};

/// One element of name=(...).
struct Element {
    const Word* subscript = nullptr;
    bool append = false;
    Word value;
};

struct AssignmentForm {
    std::string_view name;
    const Word* subscript = nullptr;
    bool append = false;
    bool compound = false;  ///< name=(...)
    std::span<const Element> elements;
};

struct HereDocument {
    std::string_view delimiter;  ///< after quote removal
    bool quoted = false;
    bool strip_tabs = false;
    Word body;
    Span span;
};

enum class RedirectKind : std::uint8_t {
    Read,              // <
    Write,             // >
    Append,            // >>
    Clobber,           // >|
    ReadWrite,         // <>
    DuplicateIn,       // <&
    DuplicateOut,      // >&
    WriteBoth,         // &>
    AppendBoth,        // &>>
    HereString,        // <<<
    HereDocument,      // <<
    HereDocumentTabs,  // <<-
    CloseIn,           // <&-
    CloseOut           // >&-
};

struct Redirect {
    RedirectKind kind = RedirectKind::Read;
    int descriptor = -1;        ///< -1: the operator's own default
    std::string_view variable;  ///< {name}> allocates a descriptor
    Word target;
    HereDocument* here = nullptr;
    Span span;
};

struct Simple {
    std::span<const Word> assignments;
    std::span<const Word> words;
};

struct Subshell {
    const Script* body = nullptr;
};

struct BraceGroup {
    const Script* body = nullptr;
};

struct IfClause {
    const Script* condition = nullptr;
    const Script* body = nullptr;
};

struct If {
    std::span<const IfClause> clauses;
    const Script* otherwise = nullptr;
};

struct While {
    bool until = false;
    const Script* condition = nullptr;
    const Script* body = nullptr;
};

struct For {
    bool select = false;
    bool has_in = false;
    Word variable;
    std::span<const Word> items;
    const Script* body = nullptr;
};

struct ArithmeticFor {
    Word initial;
    Word condition;
    Word step;
    const Script* body = nullptr;
};

enum class CaseEnd : std::uint8_t { Break, FallThrough, TestNext };

struct CaseClause {
    std::span<const Word> patterns;
    const Script* body = nullptr;  ///< nullptr: nothing between ")" and ";;"
    CaseEnd end = CaseEnd::Break;
};

struct Case {
    Word subject;
    std::span<const CaseClause> clauses;
};

struct ArithmeticCommand {
    Word expression;
};

enum class TestKind : std::uint8_t { Word, Unary, Binary, Not, And, Or, Parentheses };

struct Test {
    TestKind kind = TestKind::Word;
    std::string_view op;  ///< "-f", "==", "=~" ...
    Word left;
    Word right;
    const Test* first = nullptr;
    const Test* second = nullptr;
};

struct ConditionalCommand {
    const Test* test = nullptr;
};

struct FunctionDefinition {
    Word name;
    bool keyword = false;  ///< written with "function"
    const Command* body = nullptr;
};

struct Coprocess {
    std::optional<Word> name;
    const Command* body = nullptr;
};

using CommandForm =
    std::variant<const Simple*, const Subshell*, const BraceGroup*, const If*, const While*,
                 const For*, const ArithmeticFor*, const Case*, const ArithmeticCommand*,
                 const ConditionalCommand*, const FunctionDefinition*, const Coprocess*>;

struct Command {
    CommandForm form;
    std::span<const Redirect> redirects;
    Span span;
};

/// One element of what stands before a pipeline.
enum class Prefix : std::uint8_t { Not, Time, TimePosix };

struct Stage {
    const Command* command = nullptr;
    bool pipe_errors = false;  ///< followed by |& rather than |
};

struct Pipeline {
    std::span<const Prefix> prefixes;
    std::span<const Stage> stages;  ///< empty: only "!" or "time"
    Span span;
};

enum class Connector : std::uint8_t { First, And, Or };

struct Link {
    Connector connector = Connector::First;
    Pipeline pipeline;
};

struct Statement {
    std::span<const Link> links;
    bool background = false;
    bool ends_line = false;  ///< bash reads the next statement only after it has run this one
    Span span;
};

struct Script {
    std::span<const Statement> statements;
    Span span;
};

/// The whole: source, nodes and root.
struct SyntaxTree {
    Arena arena;
    std::string source;
    Dialect dialect = Dialect::Bash;
    const Script* root = nullptr;
};

}  // namespace countersign::shell
