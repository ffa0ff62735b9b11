// The parser's inside: one class over one text, its parts spread over parser_*.cc by subject.
//
// It follows bash's own reader (one token at a time, told apart by what stood before it) since that
// is where bash's grammar is decided: reserved words, assignments, "((" and "{" mean something only
// in their place. Recursion is bounded by limits::kShellNestingMax.
//
// Failure: the first error sticks, the cursor goes to the end, and every loop ends by itself.
//
// Two ways of reading: strict, in which inner text that bash parses at once is an error of the
// whole; and lenient, for regions whose extent is known and which bash parses only when it expands
// them: an error there makes a Malformed part. While a region's extent is being looked for
// (`measuring_`), regions inside are not read for their structure: this keeps the time linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/shell.h"
#include "shell/token.h"
#include "shell/tree.h"

namespace countersign::shell {

struct ParseOptions {
    Dialect dialect = Dialect::Bash;
    bool extended_globs = false;  ///< shopt -s extglob was executed before
};

class Parser {
public:
    Parser(std::string_view text, Arena& arena, const ParseOptions& options);

    /// The whole text; nullptr when it is not valid, see error().
    const Script* parse_text();
    [[nodiscard]] const model::SyntaxError& error() const { return error_; }

private:
    /// What the characters read now belong to, which decides where they end.
    enum class Within : std::uint8_t {
        Token,         ///< a word of the grammar
        DoubleQuotes,  ///< up to "
        Braces,        ///< up to }
        Pattern,       ///< ${x/pattern/...}: up to / or }
        Offset,        ///< ${x:offset:...}: up to : or }
        Subscript,     ///< up to the matching ]
        Parentheses,   ///< arithmetic: up to the matching )
        Brackets,      ///< $[...]: up to the matching ]
        PatternGroup,  ///< up to the matching ), as in @(...)
        HereBody,      ///< up to the end of the region
        Operand        ///< up to the end of the region, as a word's inside
    };
    struct Context {
        Within within = Within::Token;
        bool quoted = false;      ///< inside double quotes or a here-document
        bool quotes_cut = false;  ///< quoted, yet '...' quotes (after # % / ^ ,)
        bool assignment = false;  ///< NAME= may start here
        bool compound = false;    ///< reading the elements of NAME=( )
    };
    struct LiteralRun {
        std::string joined;
        std::size_t begin = 0;
        std::size_t end = 0;
        bool active = false;
    };
    /// Everything that reading a nested text replaces.
    struct Position {
        std::string_view text;
        std::size_t at = 0;
        std::optional<Span> fixed_span;
        Token token;
        bool has_token = false;
        TokenKind last = TokenKind::Start;
        TokenKind before_last = TokenKind::Start;
        std::size_t pending_mark = 0;
        bool case_pattern = false;
        bool conditional = false;
        bool regular_expression = false;
        bool assignments_follow = false;
        bool arrays_refused = false;  ///< behind a redirection bash takes NAME=( for an error
        bool redirects_only = false;
        bool in_substitution = false;
        bool in_case = false;
    };
    class Nesting;

    /// Whether dash is to read the text.
    [[nodiscard]] bool posix() const { return options_.dialect == Dialect::Posix; }

    // parser.cc: cursor, errors, nested regions.
    void fail(std::size_t at, std::string message);
    void fail_unexpected(const Token& token);
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return here_.at >= here_.text.size(); }
    /// The next character, past line continuations; '\0' at the end (texts hold no NUL).
    char peek();
    [[nodiscard]] char raw(std::size_t ahead = 0) const;
    char second();
    [[nodiscard]] Span span_from(std::size_t begin) const;
    template <class Read>
    bool read_region(std::string_view text, std::size_t begin, std::optional<Span> fixed,
                     Read&& read);
    Part malformed(std::size_t begin, std::string_view text);

    // parser_tokens.cc
    const Token& token();
    TokenKind peek_kind() { return token().kind; }
    Token take();
    bool accept(TokenKind kind);
    bool expect(TokenKind kind);
    void skip_newlines();
    Token read_token();
    bool skip_to_token();
    TokenKind read_operator();
    TokenKind read_double_paren(Token& token);
    Token read_word_token(std::size_t begin);
    TokenKind classify(Token& token);
    TokenKind special_word(std::string_view text);
    [[nodiscard]] bool reserved_acceptable() const;
    [[nodiscard]] bool command_position() const;
    [[nodiscard]] bool time_acceptable() const;

    // parser_words.cc
    Word read_word(const Context& context);
    std::span<const Part> read_parts(const Context& context, AssignmentForm* form);
    bool read_part(const Context& context, LiteralRun& run, char c);
    bool ends_here(const Context& context, char c, std::size_t depth);
    void read_escape(const Context& context, LiteralRun& run);
    void read_single_quotes(const Context& context, LiteralRun& run);
    void read_double_quotes(std::size_t begin, PartKind kind);
    void read_dollar_quotes(std::size_t begin);
    void read_group(std::size_t begin, std::string_view opening);
    void add_literal(LiteralRun& run);
    void read_plain(const Context& context, LiteralRun& run);
    void flush(LiteralRun& run);
    void push_part(const Part& part) { parts_.push(part); }
    bool read_assignment(const Context& context, LiteralRun& run, char c, AssignmentForm& form);
    void read_elements(AssignmentForm& form);
    const Word* read_subscript();

    // parser_expansions.cc
    bool read_dollar(const Context& context, LiteralRun& run);
    void read_command_substitution(std::size_t begin, PartKind kind);
    const Script* read_substituted_script();
    void read_arithmetic_substitution(std::size_t begin);
    void read_old_arithmetic(std::size_t begin);
    void read_backquotes(const Context& context);
    Part backquoted(std::size_t begin, std::string_view body, bool quoted);
    void read_parameter(const Context& context, std::size_t begin);
    bool read_parameter_name(Parameter& parameter);
    bool read_parameter_operator(Parameter& parameter, const Context& context);
    void read_operand(Parameter& parameter, const Context& context, ParameterOperator op);
    void read_direct_arithmetic(std::size_t begin);
    Part deferred_arithmetic(std::size_t begin, std::size_t inner, std::size_t inner_end,
                             PartKind kind, std::string_view text, Within within);
    Word deferred_word(std::size_t begin, std::size_t end);

    // parser_posix.cc: what dash reads otherwise.
    /// What follows "${" as far as dash knows it; false: a bad substitution.
    bool read_posix_parameter(Parameter& parameter, const Context& context);
    bool read_posix_operator(Parameter& parameter, const Context& context);
    bool swallow(std::size_t begin);
    bool check_posix_loop_name(const Token& name);
    bool check_posix_function_name(const Word& name);
    void check_posix_delimiter(const Word& word);

    // parser_scan.cc: extents only, as bash measures them.
    bool scan_pair(char open, char close, bool substitutions);
    bool scan_quoted(char quote, bool dollar);
    bool scan_double_quotes();
    bool scan_braces();
    bool scan_backquotes();
    bool scan_dollar();
    static bool balanced_parentheses(std::string_view text);

    // parser_lists.cc
    const Script* parse_list();
    bool parse_statement(Statement& statement);
    bool parse_pipeline(Pipeline& pipeline);
    const Command* parse_command();
    const Command* parse_simple();
    bool parse_redirect(Redirect& redirect);
    bool read_target(Redirect& redirect, TokenKind op);
    std::span<const Redirect> parse_redirects();
    const Command* finish(CommandForm form, std::size_t begin, bool with_redirects = true);

    // parser_compounds.cc
    const Command* parse_compound();
    const Command* parse_if();
    const Command* parse_while(bool until);
    const Command* parse_for(bool select);
    const Command* parse_arithmetic_for(std::size_t begin);
    const Command* parse_case();
    bool parse_case_clause(CaseClause& clause);
    const Command* parse_group(TokenKind open, TokenKind close);
    const Command* parse_function_keyword();
    const Command* parse_function(const Word& name, bool keyword, std::size_t begin);
    const Command* parse_coprocess();
    const Script* parse_body(TokenKind open, TokenKind close);
    const Script* parse_loop_body();
    const Script* required_list();

    // parser_conditional.cc
    const Command* parse_conditional();
    const Test* parse_test_or();
    const Test* parse_test_and();
    const Test* parse_test_term();
    const Test* parse_test_binary(const Word& left);
    void skip_test_newlines();

    // parser_heredocs.cc
    void queue_here_document(Redirect& redirect);
    void read_here_documents();
    void read_here_document(HereDocument& here);
    void finish_here_document(HereDocument& here, std::size_t begin, std::size_t body_end,
                              std::string joined, bool ended);
    std::string_view remove_quotes(const Word& word, bool& quoted);

    Arena& arena_;
    ParseOptions options_;
    Position here_;
    std::size_t depth_ = 0;
    bool lenient_ = false;
    bool measuring_ = false;
    bool failed_ = false;
    model::SyntaxError error_;
    /// Here-documents whose bodies follow the next newline.
    std::vector<HereDocument*> pending_;
    bool extended_pattern_ = false;

    Scratch<Part> parts_;
    Scratch<Word> words_;
    Scratch<Element> elements_;
    Scratch<Redirect> redirects_;
    Scratch<Statement> statements_;
    Scratch<Link> links_;
    Scratch<Stage> stages_;
    Scratch<Prefix> prefixes_;
    Scratch<IfClause> if_clauses_;
    Scratch<CaseClause> case_clauses_;
};

/// Counts one level of the grammar for its lifetime and fails past the bound.
class Parser::Nesting {
public:
    explicit Nesting(Parser& parser);
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

private:
    Parser& parser_;
};

}  // namespace countersign::shell
