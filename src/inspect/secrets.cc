// Secret-shaped literals: by prefix and length where an issuer fixed a shape (their published
// formats), by position where a tool's argument or a header says that it is one.
#include <algorithm>
#include <array>
#include <optional>

#include "inspect/inspect.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::Span;

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
    return is_upper(c) || is_lower(c) || is_digit(c);
}
bool is_token_byte(char c) {
    return is_alnum(c) || c == '_' || c == '-';
}
bool is_value_byte(char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\'' && c != '`' && c != ';' && c != '|' &&
           c != '&' && c != '<' && c != '>' && c != ')' && c != ',';
}

/// A prefix that an issuer gave its tokens, and what follows it.
struct Shape {
    std::string_view prefix;
    std::size_t least;  ///< bytes after the prefix
    std::size_t most;
    enum class Bytes { Upper, Alnum, Token } bytes;
    std::string_view kind;
};

constexpr auto kShapes = std::to_array<Shape>({
    {"AKIA", 16, 16, Shape::Bytes::Upper, "aws_access_key"},
    {"ASIA", 16, 16, Shape::Bytes::Upper, "aws_access_key"},
    {"ghp_", 30, 255, Shape::Bytes::Alnum, "github_token"},
    {"gho_", 30, 255, Shape::Bytes::Alnum, "github_token"},
    {"ghu_", 30, 255, Shape::Bytes::Alnum, "github_token"},
    {"ghs_", 30, 255, Shape::Bytes::Alnum, "github_token"},
    {"ghr_", 30, 255, Shape::Bytes::Alnum, "github_token"},
    {"github_pat_", 22, 255, Shape::Bytes::Token, "github_token"},
    {"glpat-", 20, 255, Shape::Bytes::Token, "gitlab_token"},
    {"gldt-", 20, 255, Shape::Bytes::Token, "gitlab_token"},
    {"xoxb-", 20, 255, Shape::Bytes::Token, "slack_token"},
    {"xoxp-", 20, 255, Shape::Bytes::Token, "slack_token"},
    {"xoxa-", 20, 255, Shape::Bytes::Token, "slack_token"},
    {"xoxs-", 20, 255, Shape::Bytes::Token, "slack_token"},
    {"xapp-", 20, 255, Shape::Bytes::Token, "slack_token"},
    {"sk_live_", 16, 255, Shape::Bytes::Alnum, "stripe_key"},
    {"rk_live_", 16, 255, Shape::Bytes::Alnum, "stripe_key"},
    {"sk_test_", 16, 255, Shape::Bytes::Alnum, "stripe_key"},
    {"sk-ant-", 24, 255, Shape::Bytes::Token, "anthropic_key"},
    {"sk-proj-", 24, 255, Shape::Bytes::Token, "openai_key"},
    {"sk-", 40, 255, Shape::Bytes::Alnum, "openai_key"},
    {"hf_", 30, 255, Shape::Bytes::Alnum, "huggingface_token"},
    {"AIza", 35, 35, Shape::Bytes::Token, "google_api_key"},
    {"ya29.", 30, 1024, Shape::Bytes::Token, "google_token"},
    {"GOCSPX-", 20, 64, Shape::Bytes::Token, "google_secret"},
    {"npm_", 36, 36, Shape::Bytes::Alnum, "npm_token"},
    {"pypi-AgE", 40, 255, Shape::Bytes::Token, "pypi_token"},
    {"dop_v1_", 64, 64, Shape::Bytes::Alnum, "digitalocean_token"},
    {"dckr_pat_", 20, 64, Shape::Bytes::Token, "docker_token"},
    {"SG.", 40, 255, Shape::Bytes::Token, "sendgrid_key"},
    {"shpat_", 32, 32, Shape::Bytes::Alnum, "shopify_token"},
    {"hvs.", 24, 255, Shape::Bytes::Token, "vault_token"},
    {"tskey-", 20, 255, Shape::Bytes::Token, "tailscale_key"},
    {"AGE-SECRET-KEY-1", 58, 58, Shape::Bytes::Alnum, "age_key"},
    {"cst_", 43, 43, Shape::Bytes::Token, "countersign_token"},
    {"cso_", 43, 43, Shape::Bytes::Token, "countersign_token"},
    {"lin_api_", 30, 64, Shape::Bytes::Alnum, "linear_key"},
    {"glsa_", 32, 64, Shape::Bytes::Token, "grafana_token"},
    {"sq0csp-", 40, 64, Shape::Bytes::Token, "square_secret"},
});

bool fits(char c, Shape::Bytes bytes) {
    switch (bytes) {
        case Shape::Bytes::Upper:
            return is_upper(c) || is_digit(c);
        case Shape::Bytes::Alnum:
            return is_alnum(c);
        case Shape::Bytes::Token:
            return is_token_byte(c);
    }
    return false;
}

bool starts_at(std::string_view text, std::size_t at, std::string_view part) {
    return text.compare(at, part.size(), part) == 0;
}

bool starts_at_folded(std::string_view text, std::size_t at, std::string_view lower) {
    if (at + lower.size() > text.size()) {
        return false;
    }
    for (std::size_t k = 0; k < lower.size(); ++k) {
        const char c = text[at + k];
        if ((is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c) != lower[k]) {
            return false;
        }
    }
    return true;
}

Span span_of(std::size_t begin, std::size_t end) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

std::optional<Secret> issued_at(std::string_view text, std::size_t at) {
    if (at > 0 && is_alnum(text[at - 1])) {
        return std::nullopt;
    }
    for (const Shape& shape : kShapes) {
        if (text[at] != shape.prefix[0] || !starts_at(text, at, shape.prefix)) {
            continue;
        }
        std::size_t end = at + shape.prefix.size();
        const std::size_t first = end;
        while (end < text.size() && end - first <= shape.most && fits(text[end], shape.bytes)) {
            ++end;
        }
        const std::size_t length = end - first;
        if (length >= shape.least && length <= shape.most) {
            return Secret{span_of(at, end), std::string(shape.kind)};
        }
    }
    return std::nullopt;
}

/// RFC 7519: base64url({"...) . base64url({"...) . base64url.
std::optional<Secret> token_at(std::string_view text, std::size_t at) {
    if (!starts_at(text, at, "eyJ") || (at > 0 && is_token_byte(text[at - 1]))) {
        return std::nullopt;
    }
    std::size_t end = at;
    std::size_t dots = 0;
    std::size_t since_dot = 0;
    while (end < text.size() && (is_token_byte(text[end]) || (text[end] == '.' && dots < 2))) {
        if (text[end] == '.') {
            if (since_dot < 8) {
                return std::nullopt;
            }
            ++dots;
            since_dot = 0;
        } else {
            ++since_dot;
        }
        ++end;
    }
    return dots == 2 && since_dot >= 8 ? std::optional(Secret{span_of(at, end), "jwt"})
                                       : std::nullopt;
}

/// -----BEGIN ... PRIVATE KEY----- up to its END line, or to the end of the text.
std::optional<Secret> key_block_at(std::string_view text, std::size_t at) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    if (!starts_at(text, at, kBegin)) {
        return std::nullopt;
    }
    const std::size_t line = text.find("-----", at + kBegin.size());
    if (line == std::string_view::npos || line - at > 80 ||
        text.substr(at, line - at).find("PRIVATE KEY") == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t close = text.find("-----END ", line);
    std::size_t end = text.size();
    if (close != std::string_view::npos) {
        const std::size_t tail = text.find("-----", close + 9);
        end = tail == std::string_view::npos ? text.size() : tail + 5;
    }
    return Secret{span_of(at, end), "private_key"};
}

/// scheme://user:password@host : the password.
std::optional<Secret> url_password_at(std::string_view text, std::size_t at) {
    if (!starts_at(text, at, "://")) {
        return std::nullopt;
    }
    std::size_t colon = 0;
    for (std::size_t i = at + 3; i < text.size() && i < at + 512; ++i) {
        const char c = text[i];
        if (c == '@') {
            const bool real = colon != 0 && i > colon + 1 && text[colon + 1] != '$' &&
                              text[colon + 1] != '{' && text[colon + 1] != '<' &&
                              text[colon + 1] != '*';
            return real ? std::optional(Secret{span_of(colon + 1, i), "url_password"})
                        : std::nullopt;
        }
        if (c == ':' && colon == 0) {
            colon = i;
        } else if (c == '/' || c == ' ' || c == '\n' || c == '"' || c == '\'' || c == '?') {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

/// No value is looked at further than this; it keeps the scan linear on hostile text.
constexpr std::size_t kValueBytesMax = 4096;

std::size_t value_end(std::string_view text, std::size_t begin) {
    text = text.substr(0, std::min(text.size(), begin + kValueBytesMax));
    if (begin < text.size() && (text[begin] == '"' || text[begin] == '\'')) {
        const std::size_t close = text.find(text[begin], begin + 1);
        const std::size_t line = text.find('\n', begin + 1);
        return std::min({close, line, text.size()});
    }
    std::size_t end = begin;
    while (end < text.size() && is_value_byte(text[end])) {
        ++end;
    }
    return end;
}

/// Placeholders and references are no secrets: $VAR, ${VAR}, $(cmd), <token>, xxx, ***, example.
bool is_placeholder(std::string_view value) {
    if (value.empty() || value[0] == '$' || value[0] == '<' || value[0] == '{' || value[0] == '*' ||
        value[0] == '%' || value[0] == '[' || value[0] == '(' || value[0] == '/' ||
        value[0] == '\\') {
        return true;
    }
    static constexpr auto kWords = std::to_array<std::string_view>(
        {"none",     "null",    "true",  "false",   "undefined",  "your",      "changeme",
         "redacted", "example", "xxx",   "todo",    "os.environ", "os.getenv", "process.env",
         "env.",     "getenv",  "self.", "args.",   "config.",    "settings.", "input(",
         "secrets.", "string",  "str",   "optional"});
    return std::any_of(kWords.begin(), kWords.end(),
                       [&](std::string_view word) { return starts_at_folded(value, 0, word); });
}

/// Names after which a value is a secret: key=value, key: value, --key value.
struct Label {
    std::string_view name;  ///< lower-case
    std::size_t least;      ///< bytes of a value that counts
    std::string_view kind;
};

constexpr auto kLabels = std::to_array<Label>({
    {"aws_secret_access_key", 30, "aws_secret_key"},
    {"aws_session_token", 30, "aws_secret_key"},
    {"secret_access_key", 30, "aws_secret_key"},
    {"password", 6, "password"},
    {"passwd", 6, "password"},
    {"passphrase", 6, "password"},
    {"pgpassword", 4, "password"},
    {"mysql_pwd", 4, "password"},
    {"client_secret", 10, "secret"},
    {"api_key", 12, "secret"},
    {"apikey", 12, "secret"},
    {"api-key", 12, "secret"},
    {"access_token", 12, "secret"},
    {"auth_token", 12, "secret"},
    {"secret_key", 12, "secret"},
    {"private_token", 12, "secret"},
    {"private-token", 12, "secret"},
    {"token", 20, "secret"},
});

std::optional<Secret> labelled_at(std::string_view text, std::size_t at) {
    if (at > 0 && is_alnum(text[at - 1])) {
        return std::nullopt;
    }
    for (const Label& label : kLabels) {
        if ((text[at] | 0x20) != label.name[0] || !starts_at_folded(text, at, label.name)) {
            continue;
        }
        std::size_t i = at + label.name.size();
        if (i < text.size() && (text[i] == '"' || text[i] == '\'')) {
            ++i;
        }
        while (i < text.size() && text[i] == ' ') {
            ++i;
        }
        const bool option = at >= 2 && text[at - 1] == '-' && text[at - 2] == '-';
        const bool assigned = i < text.size() && (text[i] == '=' || text[i] == ':');
        if (!assigned && !(option && i > at + label.name.size())) {
            continue;
        }
        i += assigned ? 1U : 0U;
        while (i < text.size() && text[i] == ' ') {
            ++i;
        }
        const std::size_t end = value_end(text, i);
        const std::size_t begin =
            i < text.size() && (text[i] == '"' || text[i] == '\'') ? i + 1 : i;
        if (end > begin && end - begin >= label.least &&
            !is_placeholder(text.substr(begin, end - begin))) {
            return Secret{span_of(begin, end), std::string(label.kind)};
        }
    }
    return std::nullopt;
}

/// Authorization: Bearer|Basic|token VALUE; Cookie-less on purpose: cookies are not credentials of
/// the person more often than they are.
std::optional<Secret> header_at(std::string_view text, std::size_t at) {
    if (!starts_at_folded(text, at, "authorization:")) {
        return std::nullopt;
    }
    std::size_t i = at + 14;
    const auto skip_blanks = [&] {
        while (i < text.size() && text[i] == ' ') {
            ++i;
        }
    };
    skip_blanks();
    for (const std::string_view scheme : {"bearer", "basic", "token", "apikey"}) {
        if (starts_at_folded(text, i, scheme)) {
            i += scheme.size();
            break;
        }
    }
    skip_blanks();
    const std::size_t end = value_end(text, i);
    if (end > i + 7 && !is_placeholder(text.substr(i, end - i))) {
        return Secret{span_of(i, end), "authorization_header"};
    }
    return std::nullopt;
}

/// How far behind the program's name its password argument is looked for.
constexpr std::size_t kArgumentBytesMax = 512;

/// curl -u user:password, mysql -pPASSWORD, sshpass -p PASSWORD.
std::optional<Secret> argument_at(std::string_view text, std::size_t at) {
    const bool user = starts_at(text, at, "curl ") || starts_at(text, at, "wget ");
    const bool attached = starts_at(text, at, "mysql ") || starts_at(text, at, "mysqldump ") ||
                          starts_at(text, at, "mysqladmin ");
    const bool separate = starts_at(text, at, "sshpass ");
    if ((!user && !attached && !separate) || (at > 0 && is_alnum(text[at - 1]))) {
        return std::nullopt;
    }
    const std::string_view window = text.substr(at, kArgumentBytesMax);
    const std::size_t line_end = at + std::min(window.find('\n'), window.size());
    const std::string_view option = user ? " -u" : " -p";
    const std::size_t found = text.substr(0, line_end).find(option, at);
    if (found == std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t i = found + 3;
    const bool blank = i < line_end && text[i] == ' ';
    if (attached == blank) {
        return std::nullopt;
    }
    i += blank ? 1U : 0U;
    i += i < line_end && (text[i] == '"' || text[i] == '\'') ? 1U : 0U;
    std::size_t end = i;
    while (end < line_end && is_value_byte(text[end])) {
        ++end;
    }
    if (user) {
        const std::size_t colon = text.substr(0, end).find(':', i);
        if (colon == std::string_view::npos || colon + 1 >= end) {
            return std::nullopt;
        }
        i = colon + 1;
    }
    return end > i + 2 && !is_placeholder(text.substr(i, end - i))
               ? std::optional(Secret{span_of(i, end), "password_argument"})
               : std::nullopt;
}

/// Which checks can find something that begins with this byte.
enum Begins : std::uint8_t { kIssued = 1, kHeader = 2, kArgument = 4, kLabelled = 8 };

constexpr std::array<std::uint8_t, 256> begins_table() {
    std::array<std::uint8_t, 256> table{};
    const auto add = [&](char c, std::uint8_t what) {
        table[static_cast<unsigned char>(c)] |= what;
    };
    for (const Shape& shape : kShapes) {
        add(shape.prefix[0], kIssued);
    }
    for (const Label& label : kLabels) {
        add(label.name[0], kLabelled);
        add(static_cast<char>(label.name[0] - 'a' + 'A'), kLabelled);
    }
    for (const char c : {'a', 'A'}) {
        add(c, kHeader);
    }
    for (const char c : {'c', 'w', 'm', 's'}) {
        add(c, kArgument);
    }
    return table;
}
constexpr std::array<std::uint8_t, 256> kBegins = begins_table();

std::optional<Secret> secret_at(std::string_view text, std::size_t at) {
    switch (text[at]) {
        case '-':
            return key_block_at(text, at);
        case ':':
            return url_password_at(text, at);
        case 'e': {
            std::optional<Secret> token = token_at(text, at);
            return token;
        }
        default:
            break;
    }
    const std::uint8_t begins = kBegins[static_cast<unsigned char>(text[at])];
    if (begins == 0 || (at > 0 && is_alnum(text[at - 1]))) {
        return std::nullopt;
    }
    struct Check {
        Begins begins;
        std::optional<Secret> (*look)(std::string_view, std::size_t);
    };
    static constexpr std::array<Check, 4> kChecks = {{{kIssued, issued_at},
                                                      {kHeader, header_at},
                                                      {kArgument, argument_at},
                                                      {kLabelled, labelled_at}}};
    for (const Check& check : kChecks) {
        if ((begins & check.begins) == 0) {
            continue;
        }
        if (std::optional<Secret> secret = check.look(text, at)) {
            return secret;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<Secret> secrets(std::string_view text) {
    std::vector<Secret> found;
    std::size_t at = 0;
    while (at < text.size()) {
        std::optional<Secret> secret = secret_at(text, at);
        if (!secret.has_value()) {
            ++at;
            continue;
        }
        // Look inside a labelled value too? No: the whole value goes, whatever stands in it.
        at = std::max<std::size_t>(secret->span.end, at + 1);
        found.push_back(std::move(*secret));
    }
    return found;
}

std::string redact(std::string_view text) {
    return redact(text, [](const Secret& secret, std::string_view) {
        return "[redacted:" + secret.kind + "]";
    });
}

std::string redact(std::string_view text, const SecretMark& mark) {
    std::string out;
    std::size_t at = 0;
    for (const Secret& secret : secrets(text)) {
        if (secret.span.begin < at) {
            continue;
        }
        out += text.substr(at, secret.span.begin - at);
        std::string_view literal =
            text.substr(secret.span.begin, secret.span.end - secret.span.begin);
        while (literal.ends_with(' ')) {
            literal.remove_suffix(1);
        }
        out += mark(secret, literal);
        at = secret.span.end;
    }
    out += text.substr(at);
    return out;
}

void find_secrets(const Scene& scene, Sink& sink) {
    const auto report = [&](std::string_view text, bool positioned) {
        for (const Secret& secret : secrets(text)) {
            sink.add("secret_literal", model::Severity::Medium,
                     positioned ? secret.span : model::Span{},
                     "a secret stands in the text (" + secret.kind + ")");
        }
    };
    report(scene.action().text, true);
    for (const std::string& word : scene.action().argv) {
        report(word, false);
    }
    report(scene.action().target, false);
}

}  // namespace countersign::inspect
