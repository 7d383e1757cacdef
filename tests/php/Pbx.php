<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Played;

/**
 * What today's MikoPBX does, and in which order it calls. Its settings and its key file are in a folder of its own,
 * which outlives the process.
 */
final class Pbx
{
    private const NUMBER = '/^MIKO(-[A-Z0-9]{5}){4}$/';
    private const MIKOPBX_PRODUCT = 11;
    private const MIKOPBX_FEATURE = 33;
    private const CACHED_SECONDS = 120;

    /** @var array{number: string, modules: array<string, array>, cache: array<string, array>} */
    private array $settings = ['number' => '', 'modules' => [], 'cache' => []];

    /** @var list<Answer> the calls of the flow that goes on */
    private array $calls = [];

    public function __construct(private readonly LicenseApi $api, private readonly string $folder)
    {
        $stored = @file_get_contents($this->settingsFile());
        if ($stored !== false) {
            $this->settings = json_decode($stored, true, flags: JSON_THROW_ON_ERROR);
        }
    }

    private function settingsFile(): string
    {
        return "$this->folder/settings.json";
    }

    /** What was called since the last time that this was asked. */
    public function calls(): array
    {
        $calls = $this->calls;
        $this->calls = [];
        return array_map(static fn (Answer $answer): array => $answer->forJson(), $calls);
    }

    public function settings(): array
    {
        return ['number' => $this->settings['number'], 'modules' => $this->settings['modules']];
    }

    public function call(string $method, array $parameters, string $shape = 'get', ?int $hangUpMs = null): Answer
    {
        return $this->calls[] = $this->api->call($method, $parameters, $shape, $hangUpMs);
    }

    /** The form with the number, and a coupon if somebody has one. */
    public function enterNumber(string $number, string $coupon = ''): array
    {
        $shown = ['number' => $this->numberEntered($number)];
        if ($coupon !== '') {
            // Whatever came of the number.
            $shown['coupon'] = $this->call('activatecoupon', ['coupon' => $coupon])->understood();
        }
        return $shown;
    }

    private function numberEntered(string $number): string
    {
        if ($number === $this->settings['number']) {
            return 'success';
        }
        $answer = $this->licenseInfo($number);
        if ($answer['info'] === null) {
            return $answer['understood'];
        }
        $this->keep($number);
        $this->call('changekey', ['key' => $number]);
        $this->call('addtrial', ['product' => self::MIKOPBX_PRODUCT]);
        return 'success';
    }

    private function licenseInfo(string $number): array
    {
        $cached = $this->settings['cache'][$number] ?? null;
        if ($cached !== null && time() - $cached['at'] < self::CACHED_SECONDS) {
            return $cached['answer'];
        }
        $answer = $this->call('getlicenseinfo', ['key' => $number])->forJson();
        if ($answer['info'] !== null) {
            $this->settings['cache'][$number] = ['at' => time(), 'answer' => $answer];
        }
        return $answer;
    }

    /** The form for a company without a number. */
    public function register(array $form): array
    {
        $answer = $this->call('gettrial', $form + ['product' => self::MIKOPBX_PRODUCT]);
        if (preg_match(self::NUMBER, (string) $answer->text) === 1) {
            $this->keep($answer->text);
            $this->call('changekey', ['key' => $answer->text]);
        }
        return ['shown' => $answer->understood(), 'number' => $this->settings['number']];
    }

    public function reset(): void
    {
        $this->call('changekey', ['key' => '']);
        $this->keep('');
    }

    /** The machine starts, or its broker does: the number is written for it, and nothing is called. */
    public function boot(): void
    {
        $folder = "$this->folder/nats_cache";
        is_dir($folder) || mkdir($folder);
        file_put_contents("$folder/license.key", $this->settings['number']);
    }

    /** The number is another one. It is written for the broker. */
    private function keep(string $number): void
    {
        $this->settings['number'] = $number;
        $this->boot();
    }

    /** Somebody uploads a module. */
    public function install(string $module, int $product, int $feature): string
    {
        if ($product > 0) {
            if ($this->settings['number'] === '') {
                return 'no key';
            }
            // Whatever comes of it.
            $this->call('addtrial', ['product' => $product]);
        }
        $this->settings['modules'][$module] = ['feature' => $feature, 'enabled' => false, 'reason' => null];
        return 'installed';
    }

    /** Somebody takes a module from the marketplace. */
    public function installFromMarketplace(string $module, int $product, int $feature): string
    {
        $captured = $this->call('capturefeature', ['feature' => $feature]);
        if (!$captured->success) {
            $this->call('addtrial', ['product' => $product]);
            $captured = $this->call('capturefeature', ['feature' => $feature]);
        }
        return $captured->success ? $this->install($module, 0, $feature) : $captured->understood();
    }

    /** Somebody switches a module on. */
    public function enable(string $module): string
    {
        $feature = $this->settings['modules'][$module]['feature'];
        $answer = $feature > 0 ? $this->call('featureavailable', ['feature' => $feature]) : null;
        $may = $answer === null || $answer->success;
        $this->settings['modules'][$module]['enabled'] = $may;
        $this->settings['modules'][$module]['reason'] = $may ? null : "DisabledByLicense {$answer->understood()}";
        return $this->settings['modules'][$module]['reason'] ?? 'enabled';
    }

    /** MikoPBX itself, and every module that is enabled. What is disabled is not asked about again. */
    public function hourly(): array
    {
        $own = $this->call('featureavailable', ['feature' => self::MIKOPBX_FEATURE]);
        foreach ($this->settings['modules'] as $name => $module) {
            if ($module['enabled'] && $module['feature'] > 0) {
                $this->enable($name);
            }
        }
        $states = array_map(
            static fn (array $module): string => $module['enabled'] ? 'enabled' : $module['reason'] ?? 'disabled',
            $this->settings['modules'],
        );
        return ['MikoPBX' => $own->understood()] + $states;
    }

    /** The license is looked at, and the vendor is told how the PBX is used. */
    public function daily(): array
    {
        $info = $this->call('getlicenseinfo', ['key' => $this->settings['number']]);
        $metrics = [
            'key' => $this->settings['number'],
            'PBXname' => 'MikoPBX@2026.1.12',
            'CountSipExtensions' => 12,
            'WebAdminLanguage' => 'ru',
            'PBXLanguage' => 'ru-ru',
            'VirtualHardwareType' => 'KVM',
            'Architecture' => 'x86_64',
            'BoardType' => '',
            'EnvironmentType' => 'vm',
            'Hypervisor' => 'KVM',
            'DMI' => 'QEMU & "KVM"',
        ];
        $told = $this->call('sendmetrics', $metrics);
        return ['attributes' => $info->info['@attributes'] ?? null, 'metrics' => $told->understood()];
    }

    public function store(): void
    {
        file_put_contents($this->settingsFile(), json_encode($this->settings, JSON_THROW_ON_ERROR));
    }
}
