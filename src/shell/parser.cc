#include "shell/parser.h"

#include <algorithm>

#include "base/limits.h"
#include "shell/region.h"

namespace countersign::shell {

namespace {

Span clamp_span(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

}  // namespace

Parser::Nesting::Nesting(Parser& parser) : parser_(parser) {
    if (++parser_.depth_ > limits::kShellNestingMax) {
        parser_.fail(parser_.here_.at,
                     "nested deeper than " + std::to_string(limits::kShellNestingMax) + " levels");
    }
}

Parser::Parser(std::string_view text, Arena& arena, const ParseOptions& options)
    : arena_(arena), options_(options) {
    here_.text = text;
}

const Script* Parser::parse_text() {
    const std::size_t nul = here_.text.find('\0');
    if (nul != std::string_view::npos) {
        fail(nul, "a NUL byte; bash texts hold none");
        return nullptr;
    }
    const Script* script = parse_list();
    if (!failed() && peek_kind() != TokenKind::End) {
        fail_unexpected(token());
    }
    if (!failed()) {
        read_here_documents();
    }
    return failed() ? nullptr : script;
}

void Parser::fail(std::size_t at, std::string message) {
    if (failed_) {
        return;
    }
    failed_ = true;
    const std::size_t offset = here_.fixed_span ? here_.fixed_span->begin : at;
    const std::string_view before = here_.fixed_span
                                        ? std::string_view()
                                        : here_.text.substr(0, std::min(at, here_.text.size()));
    error_.offset = static_cast<std::uint32_t>(offset);
    error_.line = static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n'));
    const std::size_t line_start = before.rfind('\n');
    error_.column = static_cast<std::uint32_t>(
        line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start);
    error_.message = std::move(message);
    here_.at = here_.text.size();
    here_.token = Token{};
    here_.token.kind = TokenKind::End;
    here_.has_token = true;
}

void Parser::fail_unexpected(const Token& token) {
    std::string what = "unexpected ";
    if (token.kind == TokenKind::Word || token.kind == TokenKind::Assignment) {
        const std::size_t begin = std::min<std::size_t>(token.span.begin, here_.text.size());
        const std::size_t length = std::min<std::size_t>(token.span.end - token.span.begin, 40);
        what += "\"" + std::string(here_.text.substr(begin, length)) + "\"";
    } else {
        what += token_name(token.kind);
    }
    fail(token.span.begin, std::move(what));
}

char Parser::raw(std::size_t ahead) const {
    const std::size_t at = here_.at + ahead;
    return at < here_.text.size() ? here_.text[at] : '\0';
}

char Parser::peek() {
    while (raw() == '\\' && raw(1) == '\n') {
        here_.at += 2;
    }
    return raw();
}

char Parser::second() {
    std::size_t ahead = 1;
    while (raw(ahead) == '\\' && raw(ahead + 1) == '\n') {
        ahead += 2;
    }
    return raw(ahead);
}

Span Parser::span_from(std::size_t begin) const {
    if (here_.fixed_span) {
        return *here_.fixed_span;
    }
    return clamp_span(begin, here_.at);
}

Part Parser::malformed(std::size_t begin, std::string_view text) {
    Part part;
    part.kind = PartKind::Malformed;
    part.span = span_from(begin);
    part.text = text;
    return part;
}

ParseOutcome parse(std::string_view text, Dialect dialect) {
    ParseOutcome outcome;
    ParseOptions options;
    options.dialect = dialect;
    auto tree = std::make_unique_for_overwrite<SyntaxTree>();
    if (text.size() > limits::kActionTextBytesMax) {
        outcome.error = {1, 1, 0,
                         "longer than " + std::to_string(limits::kActionTextBytesMax) + " bytes"};
        return outcome;
    }
    tree->source.assign(text);
    tree->dialect = dialect;
    Parser parser(tree->source, tree->arena, options);
    tree->root = parser.parse_text();
    if (tree->root == nullptr) {
        outcome.error = parser.error();
        return outcome;
    }
    outcome.parsed.emplace(std::move(tree));
    return outcome;
}

Parsed::Parsed(std::unique_ptr<SyntaxTree> tree) : tree_(std::move(tree)) {}
Parsed::Parsed(Parsed&&) noexcept = default;
Parsed& Parsed::operator=(Parsed&&) noexcept = default;
Parsed::~Parsed() = default;

}  // namespace countersign::shell
