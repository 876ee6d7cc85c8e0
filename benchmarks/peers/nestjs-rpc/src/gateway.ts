import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module, Controller, Get, Post, Param, ParseUUIDPipe, Body, Headers, Inject, ValidationPipe, Injectable, NestInterceptor, ExecutionContext, CallHandler, HttpException, Catch, ExceptionFilter, ArgumentsHost } from '@nestjs/common';
import { ClientProxy, ClientsModule, Transport } from '@nestjs/microservices';
import { firstValueFrom, Observable, throwError, timer } from 'rxjs';
import { catchError, map, retry, timeout } from 'rxjs/operators';
import { CreateOrderDto } from './dto';
const CircuitBreaker = require('opossum');
const RPC_WRITE_OPTIONS = { timeoutMs: 10000, maxRetries: 1, initialDelay: 500 };
const RPC_READ_OPTIONS = { timeoutMs: 5000, maxRetries: 3, initialDelay: 300 };
@Injectable()
export class CircuitBreakerService {
  private breakers = new Map<string, any>();
  private get(name: string) {
    let b = this.breakers.get(name);
    if (!b) {
      b = new CircuitBreaker((fn: () => Promise<any>) => fn(), { timeout: false, errorThresholdPercentage: 50, volumeThreshold: 5, resetTimeout: 30000, rollingCountTimeout: 10000, errorFilter: (e: any) => e?.getStatus?.() < 500 });
      this.breakers.set(name, b);
    }
    return b;
  }
  exec<T>(name: string, fn: () => Promise<T>): Promise<T> { return this.get(name).fire(fn); }
}
function isTransient(e: any) { return !(e?.statusCode && e.statusCode < 500); }
function handleRpcResponse<T>(obs: Observable<T>, o: typeof RPC_WRITE_OPTIONS, cb: CircuitBreakerService, name: string): Promise<T> {
  return cb.exec(name, () => firstValueFrom(obs.pipe(
    timeout(o.timeoutMs),
    retry({ count: o.maxRetries, delay: (e, n) => (isTransient(e) ? timer(o.initialDelay * 2 ** (n - 1)) : throwError(() => e)) }),
    catchError((e) => throwError(() => new HttpException(e?.message ?? 'rpc', e?.statusCode ?? 503))),
  )));
}
@Injectable()
class SuccessResponseInterceptor implements NestInterceptor {
  intercept(_c: ExecutionContext, next: CallHandler) { return next.handle().pipe(map((data) => ({ success: true, data }))); }
}
@Catch()
class AllExceptionsFilter implements ExceptionFilter {
  catch(e: any, h: ArgumentsHost) {
    const res = h.switchToHttp().getResponse(); const s = e instanceof HttpException ? e.getStatus() : 500;
    const r: any = e instanceof HttpException ? e.getResponse() : { message: 'Internal' };
    res.status(s).json({ success: false, data: typeof r === 'string' ? { message: r, statusCode: s } : r });
  }
}
@Controller('api/orders')
class OrderController {
  constructor(@Inject('ORDER_SERVICE') private client: ClientProxy, private cb: CircuitBreakerService) {}
  @Post() create(@Body() dto: CreateOrderDto, @Headers('x-idempotency-key') idempotencyKey?: string, @Headers('x-lang') lang?: string) {
    return handleRpcResponse(this.client.send({ cmd: 'create_order' }, { dto, idempotencyKey, lang: lang ?? 'en' }), RPC_WRITE_OPTIONS, this.cb, 'ORDER_SERVICE');
  }
  @Get(':id') byId(@Param('id', ParseUUIDPipe) id: string, @Headers('x-lang') lang?: string) {
    return handleRpcResponse(this.client.send({ cmd: 'get_order_by_id' }, { id, lang: lang ?? 'en' }), RPC_READ_OPTIONS, this.cb, 'ORDER_SERVICE');
  }
}
@Controller('health')
class HealthController {
  @Get() health() { return { status: 'ok' }; }
}
@Module({
  imports: [ClientsModule.register([{ name: 'ORDER_SERVICE', transport: Transport.RMQ, options: { urls: [process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672'], queue: process.env.ORDER_QUEUE ?? 'order_queue', queueOptions: { durable: true } } }])],
  controllers: [OrderController, HealthController], providers: [CircuitBreakerService],
})
class GatewayModule {}
(async () => {
  const app = await NestFactory.create(GatewayModule, { logger: false });
  app.enableCors({ origin: '*' });
  app.useGlobalFilters(new AllExceptionsFilter());
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.useGlobalInterceptors(new SuccessResponseInterceptor());
  await app.listen(+process.env.PORT, '127.0.0.1');
})();
