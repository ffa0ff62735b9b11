// Words: literal runs, quotes, pattern groups and assignments.
#include <array>

#include "shell/parser.h"
#include "shell/region.h"

namespace countersign::shell {

namespace {

bool breaks_token(char c) {
    switch (c) {
        case ' ':
        case '\t':
        case '\n':
        case ';':
        case '&':
        case '|':
        case '<':
        case '>':
        case '(':
        case ')':
            return true;
        default:
            return false;
    }
}

/// Whether the character is one of a literal run wherever it stands: no quote, no expansion, no
/// operator, no end, no start of a pattern group, nothing that is counted.
constexpr bool always_literal(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ',' || c == '%' || c >= 0x80;
}

/// The same within double quotes and here-documents, where little has a meaning.
constexpr bool literal_in_quotes(unsigned char c) {
    return c != '"' && c != '\\' && c != '`' && c != '$';
}

template <bool (*Holds)(unsigned char)>
constexpr std::array<bool, 256> table_of() {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) {
        table[c] = Holds(static_cast<unsigned char>(c));
    }
    return table;
}

constexpr std::array<bool, 256> kAlwaysLiteral = table_of<always_literal>();
constexpr std::array<bool, 256> kLiteralInQuotes = table_of<literal_in_quotes>();

bool opens_pattern(char c) {
    return c == '?' || c == '*' || c == '+' || c == '@' || c == '!';
}

}  // namespace

Word Parser::read_word(const Context& context) {
    Word word;
    const std::size_t begin = here_.at;
    AssignmentForm form;
    word.parts = read_parts(context, context.assignment ? &form : nullptr);
    if (!form.name.empty()) {
        word.assignment = arena_.make<AssignmentForm>(form);
    }
    word.span = span_from(begin);
    return word;
}

std::span<const Part> Parser::read_parts(const Context& context, AssignmentForm* form) {
    const Nesting nesting(*this);
    const std::size_t mark = parts_.mark();
    LiteralRun run;
    std::size_t depth = 0;
    while (!failed_) {
        const char c = peek();
        if (at_end() || ends_here(context, c, depth)) {
            break;
        }
        const char open =
            context.within == Within::Subscript || context.within == Within::Brackets ? '[' : '(';
        const bool counts =
            context.within >= Within::Subscript && context.within <= Within::PatternGroup;
        if (counts && c == open) {
            ++depth;
        } else if (counts && c == (open == '[' ? ']' : ')')) {
            --depth;
        }
        if (form != nullptr && form->name.empty() && parts_.mark() == mark &&
            read_assignment(context, run, c, *form)) {
            continue;
        }
        if (!read_part(context, run, c)) {
            add_literal(run);
            read_plain(context, run);
        }
    }
    flush(run);
    return parts_.finish(mark, arena_);
}

bool Parser::ends_here(const Context& context, char c, std::size_t depth) {
    switch (context.within) {
        case Within::Token:
            if (!breaks_token(c)) {
                return false;
            }
            if ((c == '<' || c == '>') && second() == '(' && !posix()) {
                return false;
            }
            return !(here_.regular_expression && (c == '|' || c == '('));
        case Within::DoubleQuotes:
            return c == '"';
        case Within::Braces:
            return c == '}';
        case Within::Pattern:
            return c == '}' || c == '/';
        case Within::Offset:
            return c == '}' || c == ':';
        case Within::Subscript:
        case Within::Brackets:
            return c == ']' && depth == 0;
        case Within::Parentheses:
        case Within::PatternGroup:
            return c == ')' && depth == 0;
        case Within::HereBody:
        case Within::Operand:
            return false;
    }
    return true;
}

// True when something other than one literal character was read.
bool Parser::read_part(const Context& context, LiteralRun& run, char c) {
    const bool here_body = context.within == Within::HereBody;
    switch (c) {
        case '\\':
            read_escape(context, run);
            return true;
        case '\'':
            if (context.within == Within::DoubleQuotes || here_body ||
                (posix() && context.quoted)) {
                return false;
            }
            read_single_quotes(context, run);
            return true;
        case '"':
            if (here_body || (posix() && context.within == Within::Parentheses)) {
                return false;
            }
            flush(run);
            ++here_.at;
            read_double_quotes(here_.at - 1, PartKind::DoubleQuoted);
            return true;
        case '`':
            flush(run);
            read_backquotes(context);
            return true;
        case '$':
            return read_dollar(context, run);
        case '<':
        case '>':
            if (context.quoted || second() != '(' || context.within == Within::Parentheses ||
                context.within == Within::Brackets || context.within == Within::PatternGroup ||
                posix()) {
                return false;
            }
            flush(run);
            read_command_substitution(here_.at,
                                      c == '<' ? PartKind::ProcessIn : PartKind::ProcessOut);
            return true;
        case '(':
            if (context.within == Within::Token && here_.regular_expression) {
                flush(run);
                read_group(here_.at, "(");
                return true;
            }
            return false;
        default:
            break;
    }
    const bool patterns = (options_.extended_globs || extended_pattern_) && !context.quoted &&
                          (context.within == Within::Token || context.within == Within::Operand ||
                           context.within == Within::PatternGroup);
    if (patterns && opens_pattern(c) && second() == '(' && !here_.regular_expression) {
        flush(run);
        read_group(here_.at, here_.text.substr(here_.at, 1));
        return true;
    }
    return false;
}

void Parser::add_literal(LiteralRun& run) {
    if (!run.active) {
        run.active = true;
        run.begin = here_.at;
        run.joined.clear();
    } else if (run.end != here_.at) {
        // A line continuation stood in between.
        run.joined.append(here_.text.substr(run.begin, run.end - run.begin));
        run.begin = here_.at;
    }
    run.end = ++here_.at;
}

/// Goes on with the run over the characters that cannot be anything else.
void Parser::read_plain(const Context& context, LiteralRun& run) {
    const bool quotes =
        context.within == Within::DoubleQuotes || context.within == Within::HereBody;
    const std::array<bool, 256>& plain = quotes ? kLiteralInQuotes : kAlwaysLiteral;
    const std::string_view text = here_.text;
    std::size_t at = here_.at;
    while (at < text.size() && plain[static_cast<unsigned char>(text[at])]) {
        ++at;
    }
    here_.at = run.end = at;
}

void Parser::flush(LiteralRun& run) {
    if (!run.active) {
        return;
    }
    run.active = false;
    std::string_view text = here_.text.substr(run.begin, run.end - run.begin);
    if (!run.joined.empty()) {
        run.joined.append(text);
        text = arena_.copy(std::string_view(run.joined));
    }
    Part part;
    part.text = text;
    part.span = here_.fixed_span.value_or(
        Span{static_cast<std::uint32_t>(run.begin), static_cast<std::uint32_t>(run.end)});
    push_part(part);
}

void Parser::read_escape(const Context& context, LiteralRun& run) {
    const char next = raw(1);
    const bool to_end = here_.at + 1 >= here_.text.size();
    const bool quotes_quote = context.within != Within::HereBody;
    const bool special = next == '$' || next == '`' || next == '\\' ||
                         (next == '"' && quotes_quote) ||
                         (next == '}' && context.within != Within::DoubleQuotes &&
                          context.within != Within::HereBody);
    if (to_end && !context.quoted) {
        // bash keeps a backslash at the very end of the text.
        flush(run);
        Part last;
        last.kind = PartKind::Escaped;
        last.text = here_.text.substr(here_.at, 1);
        const std::size_t begin = here_.at++;
        last.span = span_from(begin);
        push_part(last);
        return;
    }
    if (to_end || (context.quoted && !special)) {
        add_literal(run);  // the backslash stands for itself
        const bool in_braces =
            context.within != Within::DoubleQuotes && context.within != Within::HereBody;
        if (!to_end && in_braces) {
            add_literal(run);  // and keeps what follows from being a quote or an end
        }
        return;
    }
    flush(run);
    Part part;
    part.kind = PartKind::Escaped;
    if (context.compound && here_.in_substitution) {
        // bash 5.2 reads an array in a substitution twice, the second time without its
        // backslashes: what stood escaped is then an operator, a quote or an expansion.
        if (std::string_view("'\"`()<>;&|").find(next) != std::string_view::npos) {
            fail(here_.at, "an escaped operator or quote in an array inside a substitution");
            return;
        }
        push_part(malformed(here_.at, here_.text.substr(here_.at, 2)));
        here_.at += 2;
        return;
    }
    part.text = here_.text.substr(here_.at + 1, 1);
    const std::size_t begin = here_.at;
    here_.at += 2;
    part.span = span_from(begin);
    push_part(part);
}

void Parser::read_single_quotes(const Context& context, LiteralRun& run) {
    flush(run);
    const std::size_t begin = here_.at;
    const std::size_t close = here_.text.find('\'', begin + 1);
    if (close == std::string_view::npos) {
        fail(begin, "no closing ' for the quote that opens here");
        return;
    }
    Part part;
    part.kind = PartKind::SingleQuoted;
    part.text = here_.text.substr(begin + 1, close - begin - 1);
    here_.at = close + 1;
    part.span = span_from(begin);
    if (context.quoted && !context.quotes_cut) {
        // bash pairs these quotes when it reads the text, yet expands them as ordinary characters.
        const bool plain = part.text.find_first_of("$`\\}\"") == std::string_view::npos;
        part.kind = plain ? PartKind::Literal : PartKind::Malformed;
        part.text = here_.text.substr(begin, close + 1 - begin);
    }
    push_part(part);
}

void Parser::read_double_quotes(std::size_t begin, PartKind kind) {
    Context inside;
    inside.within = Within::DoubleQuotes;
    inside.quoted = true;
    Part part;
    part.kind = kind;
    part.parts = read_parts(inside, nullptr);
    if (raw() != '"') {
        fail(begin, "no closing \" for the quote that opens here");
        return;
    }
    ++here_.at;
    part.span = span_from(begin);
    push_part(part);
}

void Parser::read_dollar_quotes(std::size_t begin) {
    std::size_t at = here_.at;
    while (at < here_.text.size() && here_.text[at] != '\'') {
        at += here_.text[at] == '\\' ? 2U : 1U;
    }
    if (at >= here_.text.size()) {
        fail(begin, "no closing ' for the $' that opens here");
        return;
    }
    Part part;
    part.kind = PartKind::AnsiQuoted;
    part.text = here_.text.substr(here_.at, at - here_.at);
    here_.at = at + 1;
    part.span = span_from(begin);
    push_part(part);
}

// @(...) and its kin, or the parentheses of a regular expression. bash only pairs them when it
// reads, so a syntax error of a substitution inside is met when it expands the word.
void Parser::read_group(std::size_t begin, std::string_view opening) {
    if (opening != "(") {
        ++here_.at;
    }
    peek();
    ++here_.at;
    const std::size_t inner = here_.at;
    Part part;
    part.kind = PartKind::Group;
    part.text = opening;
    Context inside;
    inside.within = Within::PatternGroup;
    if (lenient_) {
        part.parts = read_parts(inside, nullptr);
        if (raw() != ')') {
            fail(begin, "no closing ) for the pattern that opens here");
            return;
        }
        ++here_.at;
    } else {
        if (!scan_pair('(', ')', false)) {
            return;
        }
        const std::size_t end = here_.at - 1;
        inside.within = Within::Operand;
        const bool patterns = extended_pattern_;
        const bool ok = measuring_ || read_region(here_.text.substr(0, end), inner, {}, [&] {
                            extended_pattern_ = patterns;
                            part.parts = read_parts(inside, nullptr);
                        });
        if (!ok) {
            part = malformed(begin, here_.text.substr(begin, here_.at - begin));
        }
    }
    part.span = span_from(begin);
    push_part(part);
}

// NAME=, NAME+=, NAME[subscript]= at the start of a word.
bool Parser::read_assignment(const Context& context, LiteralRun& run, char c,
                             AssignmentForm& form) {
    if (context.compound && !run.active && c == '[') {
        return false;
    }
    if (!run.active || (c != '=' && (posix() || (c != '[' && c != '+')))) {
        return false;
    }
    const std::string_view tail = here_.text.substr(run.begin, run.end - run.begin);
    const std::string joined = run.joined + std::string(tail);
    if (!is_name(joined) || context.compound) {
        return false;
    }
    const std::size_t begin = here_.at;
    const Word* subscript = nullptr;
    if (c == '[') {
        subscript = read_subscript();
        if (failed_) {
            return true;
        }
    }
    const std::size_t after = here_.at;
    const bool append = peek() == '+' && second() == '=';
    if (append) {
        ++here_.at;
    }
    if (peek() != '=') {
        // Only a word with a bracket in it; its inside was one piece all the same.
        if (subscript == nullptr) {
            here_.at = begin;
            return false;
        }
        here_.at = begin;
        add_literal(run);
        flush(run);
        for (const Part& part : subscript->parts) {
            push_part(part);
        }
        LiteralRun close;
        here_.at = after - 1;
        add_literal(close);
        flush(close);
        return true;
    }
    ++here_.at;
    form.name = arena_.copy(std::string_view(joined));
    form.subscript = subscript;
    form.append = append;
    run.active = false;
    if (peek() == '(' && !posix()) {
        if (here_.assignments_follow && here_.arrays_refused && !command_position()) {
            fail(here_.at, "unexpected (");
            return true;
        }
        ++here_.at;
        read_elements(form);
    }
    return true;
}

const Word* Parser::read_subscript() {
    const std::size_t open = here_.at;
    ++here_.at;
    Context inside;
    inside.within = Within::Subscript;
    Word subscript;
    const std::size_t begin = here_.at;
    subscript.parts = read_parts(inside, nullptr);
    subscript.span = span_from(begin);
    if (raw() != ']') {
        fail(open, "no closing ] for the subscript that opens here");
        return nullptr;
    }
    ++here_.at;
    return arena_.make<Word>(subscript);
}

void Parser::read_elements(AssignmentForm& form) {
    const Nesting nesting(*this);
    const std::size_t open = here_.at - 1;
    form.compound = true;
    const std::size_t mark = elements_.mark();
    while (!failed_) {
        if (!skip_to_token()) {
            fail(open, "no closing ) for the array that opens here");
            break;
        }
        const char c = raw();
        if (c == '\n') {
            ++here_.at;
            continue;
        }
        if (c == ')') {
            ++here_.at;
            break;
        }
        if (breaks_token(c) && !((c == '<' || c == '>') && second() == '(')) {
            fail(here_.at, "unexpected \"" + std::string(1, c) + "\" among the array's elements");
            break;
        }
        Element element;
        const std::size_t begin = here_.at;
        if (c == '[') {
            element.subscript = read_subscript();
            if (failed_) {
                break;
            }
            element.append = peek() == '+' && second() == '=';
            if (element.append) {
                ++here_.at;
            }
            if (peek() == '=') {
                ++here_.at;
            } else {
                element = Element{};
                here_.at = begin;
            }
        }
        Context plain;
        plain.compound = true;
        element.value = read_word(plain);
        if (here_.at == begin && !failed_) {
            fail(begin, "an array element was expected here");
        }
        elements_.push(element);
    }
    form.elements = elements_.finish(mark, arena_);
}

}  // namespace countersign::shell
