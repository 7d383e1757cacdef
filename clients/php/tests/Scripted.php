<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Tests;

use MikoPBX\Licensed\Client;
use PHPUnit\Framework\TestCase;

/**
 * A test against fake daemons, and the words to script them with.
 */
abstract class Scripted extends TestCase
{
    protected const READ = ['read'];
    protected const HOLD = ['hold'];

    /** @var list<FakeDaemon> */
    private array $daemons = [];

    /** @var list<string> */
    private array $folders = [];

    protected function tearDown(): void
    {
        foreach ($this->daemons as $daemon) {
            $daemon->stop();
        }
        foreach ($this->folders as $folder) {
            array_map(rmdir(...), array_filter(glob("$folder/*/module.json"), is_dir(...)));
            array_map(unlink(...), array_filter(glob("$folder/*/module.json"), is_file(...)));
            array_map(rmdir(...), glob("$folder/*"));
            rmdir($folder);
        }
    }

    /**
     * @param list<array{0: string, 1?: string|int, 2?: int}> ...$connections
     */
    protected function daemon(array ...$connections): FakeDaemon
    {
        return $this->daemons[] = new FakeDaemon($connections);
    }

    /** A daemon that gives these answers on one connection, then stays silent. */
    protected function answering(mixed ...$answers): FakeDaemon
    {
        $steps = [];
        foreach ($answers as $answer) {
            array_push($steps, self::READ, self::send(self::frame($answer)));
        }
        return $this->daemon([...$steps, self::HOLD]);
    }

    /** A client that a busy machine does not hurry. */
    protected static function client(FakeDaemon $daemon): Client
    {
        return new Client($daemon->socket, 10, 10);
    }

    protected static function wait(int $milliseconds): array
    {
        return ['wait', $milliseconds];
    }

    protected static function send(string $bytes): array
    {
        return ['send', base64_encode($bytes)];
    }

    protected static function drip(string $bytes, int $milliseconds): array
    {
        return ['drip', base64_encode($bytes), $milliseconds];
    }

    protected static function frame(mixed $answer): string
    {
        return self::rawFrame(json_encode($answer, JSON_THROW_ON_ERROR));
    }

    protected static function rawFrame(string $payload, int $version = 1, int $encoding = 1): string
    {
        return pack('NCC', strlen($payload) + 2, $version, $encoding) . $payload;
    }

    protected static function granted(int $feature = 45, ?int $product = 81): array
    {
        return self::entitlement(
            ['granted' => ['until' => 1_800_000_000, 'basis' => 'fresh']],
            $feature,
            $product,
            ['session' => 'seat-1', 'seats' => ['total' => 5, 'captured' => 2], 'last_answer' => 1_790_000_000],
        );
    }

    protected static function denied(int $feature = 45, ?int $product = null): array
    {
        $reason = 'There is no license for this feature.';
        $verdict = ['denied' => ['code' => 2008, 'reason' => $reason]];
        return self::entitlement($verdict, $feature, $product, ['message' => "(2008) $reason"]);
    }

    protected static function entitlement(
        mixed $verdict,
        int $feature = 45,
        ?int $product = 81,
        array $more = [],
    ): array {
        return ['entitlement' => $more + [
            'feature' => $feature,
            'product' => $product,
            'verdict' => $verdict,
            'message' => 'A sentence for people.',
            'session' => null,
            'seats' => null,
            'last_answer' => null,
            'next_check' => null,
        ]];
    }

    /** A folder of modules, each with the given text as its module.json. */
    protected function modules(array $manifests): string
    {
        $folder = sys_get_temp_dir() . '/licensed-modules-' . bin2hex(random_bytes(6));
        $this->folders[] = $folder;
        mkdir($folder, 0o700);
        foreach ($manifests as $module => $text) {
            mkdir("$folder/$module");
            file_put_contents("$folder/$module/module.json", $text);
        }
        return $folder;
    }
}
