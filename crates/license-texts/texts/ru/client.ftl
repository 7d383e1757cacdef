### Что говорит клиент, который не может обратиться к службе или не понимает её.

client-no-socket = нет сокета { $path }: работает ли служба licensed? { $start }
client-not-listening = на { $path } никто не отвечает: служба licensed больше не работает. { $look } { $start }
client-start-systemd = Запустите её: `systemctl start licensed`.
client-start-script = Запустите её: `/etc/init.d/licensed start`.
client-start = Запустите её.
client-look-systemd = Посмотрите `systemctl status licensed` и `journalctl -u licensed`.
client-look = Посмотрите журнал licensed.
client-not-permitted = пользователь { $user } не может открыть { $path }: выполните от имени root `usermod -aG { $group } { $user }` и перезапустите всё, что работает от имени этого пользователя. PHP-FPM тоже нужно перезапустить: у него остаются группы, с которыми он запущен
client-root-alone = пользователь { $user } не может открыть { $path }, и группы для этого нет: выполните команду от имени root
client-cannot-connect = не удалось подключиться к { $path }: { $why }
client-untrusted-peer = на { $path } отвечает процесс пользователя с uid { $uid }, а это не root и не licensed: ему ничего не отправлено; узнайте, чей это процесс: `ss -xlp`
client-deadline = служба не ответила за { $seconds } с. { $look }
client-closed = служба закрыла соединение, не ответив; повторите попытку. { $look }
client-half-frame = служба закрыла соединение посреди ответа: получено байт: { $got }, не хватает как минимум { $missing }; повторите попытку. { $look }
client-oversized = служба объявила ответ длиной { $len } байт при пределе { $max }: точно ли там отвечает licensed?
client-version = { $why }; установите клиент и службу одного выпуска
client-malformed = ответ службы не читается: { $why }; одного ли выпуска клиент и служба?
client-unexpected = служба ответила на другой запрос: { $answer }. { $look }
client-unsendable = запрос нельзя отправить: { $why }; запросите меньше за один раз
client-io = соединение со службой прервалось: { $why }
