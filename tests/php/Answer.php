<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Played;

/** How today's MikoPBX reads an answer. */
final class Answer
{
    /** The codes that are looked for in a text, in this order. */
    private const CODES = ['2041', '2040', '2057', '2037', '2051', '2022', '2008', '2009', '2011'];

    private const WRONG_NUMBER = '2026';

    public readonly bool $success;

    /** The text of a success, form-decoded. */
    public readonly ?string $text;

    /** The text of a failure. */
    public readonly ?string $error;

    /** The text of a success as JSON, if it is XML. */
    public readonly ?array $info;

    public readonly ?string $session;

    /** What an answer must never be, since it is read as something that it does not mean. */
    public readonly ?string $defect;

    /** @param int $status 0 if no answer came */
    public function __construct(
        public readonly string $method,
        public readonly int $status,
        public readonly string $body,
        public readonly string $trouble,
        public readonly float $milliseconds,
    ) {
        $fields = json_decode($body, true);
        $isObject = is_array($fields) && json_decode($body) instanceof \stdClass;
        $fields = $isObject ? $fields : [];
        $failed = isset($fields['error']);
        if (in_array($method, LicenseApi::FEATURE_METHODS, true)) {
            $failed = $failed || $status !== 200;
        }
        $this->success = !$failed;
        $this->error = $failed ? self::string($fields['error'] ?? '') : null;
        // No body and no field are a success with an empty text.
        $this->text = $failed ? null : urldecode(self::string($fields['result'] ?? ''));
        $this->info = $this->text === null ? null : self::xml($this->text);
        $this->session = isset($fields['session']) ? self::string($fields['session']) : null;
        $this->defect = $this->defectIn($isObject, $fields);
    }

    private static function string(mixed $value): string
    {
        return is_string($value) ? $value : (string) json_encode($value);
    }

    /** XML as JSON, as SimpleXML gives it. A root without attributes and children is plain text. */
    private static function xml(string $text): ?array
    {
        $root = @simplexml_load_string($text);
        if ($root === false || (count($root->attributes()) === 0 && count($root->children()) === 0)) {
            return null;
        }
        return json_decode((string) json_encode($root), true);
    }

    private function defectIn(bool $isObject, array $fields): ?string
    {
        $result = $fields['result'] ?? null;
        $error = $fields['error'] ?? null;
        return match (true) {
            $this->status === 0 => "no answer: $this->trouble",
            !$isObject => 'the body is no JSON object',
            $result === null && $error === null => 'neither result nor error',
            $result !== null && $error !== null => 'both result and error',
            $result !== null && (!is_string($result) || $result === '') => 'the result is no text',
            $error !== null && !is_string($error) => 'the error is no text',
            ($this->status === 200) !== ($error === null) => "status $this->status does not go with the body",
            $error !== null && !self::isWorded($error) => 'four digits that are no code at the start',
            default => null,
        };
    }

    /** If there is a code, it is in parentheses at the start; and nowhere else are four digits in a row. */
    private static function isWorded(string $error): bool
    {
        return preg_match('/\d{4}/', (string) preg_replace('/^\(\d{4}\) (?=\S)/', '', $error)) === 0;
    }

    /** The code that is found in the text, searched in the order of today. */
    public function code(): ?string
    {
        foreach ([...self::CODES, self::WRONG_NUMBER] as $code) {
            if (str_contains((string) $this->error, $code)) {
                return $code;
            }
        }
        return null;
    }

    /** What the person reads, in short. */
    public function understood(): string
    {
        if ($this->success) {
            return $this->status === 0 ? 'success with an empty text' : 'success';
        }
        if ($this->method === 'getlicenseinfo') {
            if ($this->status === 400 || str_contains((string) $this->error, self::WRONG_NUMBER)) {
                return 'wrong number';
            }
            if ($this->status >= 500) {
                return 'no answer';
            }
        }
        $unknown = str_contains((string) $this->error, 'Host lookup failed') ? 'host lookup failed' : 'as it is';
        return $this->code() ?? ($this->error === '' ? 'no response' : $unknown);
    }

    public function forJson(): array
    {
        return [
            'method' => $this->method,
            'status' => $this->status,
            'body' => mb_scrub($this->body),
            'milliseconds' => $this->milliseconds,
            'success' => $this->success,
            'understood' => $this->understood(),
            'text' => $this->text === null ? null : mb_scrub($this->text),
            'error' => $this->error,
            'info' => $this->info,
            'session' => $this->session,
            'defect' => $this->defect,
        ];
    }
}
