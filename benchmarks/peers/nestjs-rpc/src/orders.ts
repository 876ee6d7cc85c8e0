import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module, Controller, Injectable } from '@nestjs/common';
import { MessagePattern, Payload, RpcException, Transport, MicroserviceOptions } from '@nestjs/microservices';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Entity, PrimaryGeneratedColumn, Column, CreateDateColumn, UpdateDateColumn, Repository } from 'typeorm';
export enum OrderStatus { PENDING = 'PENDING', CONFIRMED = 'CONFIRMED', FAILED = 'FAILED', CANCELLED = 'CANCELLED' }
@Entity({ name: 'order', schema: 'order_schema' })
export class Order {
  @PrimaryGeneratedColumn('uuid') id: string;
  @Column({ type: 'enum', enum: OrderStatus, default: OrderStatus.PENDING }) status: OrderStatus;
  @Column({ type: 'jsonb' }) items: any[];
  @Column({ type: 'decimal', precision: 12, scale: 2 }) total: number;
  @Column({ type: 'varchar', unique: true, nullable: true }) idempotencyKey: string;
  @CreateDateColumn({ type: 'timestamptz' }) createdAt: Date;
  @UpdateDateColumn({ type: 'timestamptz' }) updatedAt: Date;
}
@Injectable()
class OrderService {
  constructor(@InjectRepository(Order) private repo: Repository<Order>) {}
  async create(dto: any, idempotencyKey?: string) {
    if (idempotencyKey) { const ex = await this.repo.findOne({ where: { idempotencyKey } }); if (ex) return ex; }
    const order = this.repo.create({ items: dto.items, total: dto.total, idempotencyKey, status: OrderStatus.PENDING });
    return this.repo.save(order);
  }
  async byId(id: string) {
    const order = await this.repo.findOne({ where: { id } });
    if (!order) throw new RpcException({ statusCode: 404, message: 'order not found' });
    return order;
  }
}
@Controller()
class OrderController {
  constructor(private s: OrderService) {}
  @MessagePattern({ cmd: 'create_order' }) create(@Payload() p: any) { return this.s.create(p.dto, p.idempotencyKey); }
  @MessagePattern({ cmd: 'get_order_by_id' }) byId(@Payload() p: any) { return this.s.byId(p.id); }
}
@Module({ imports: [TypeOrmModule.forRoot({ type: 'postgres', url: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/bench', entities: [Order], synchronize: false, extra: { max: +(process.env.POOL || 10) } }), TypeOrmModule.forFeature([Order])], controllers: [OrderController], providers: [OrderService] })
class OrderModule {}
(async () => {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(OrderModule, { logger: false, transport: Transport.RMQ, options: { urls: [process.env.RABBITMQ_URL ?? 'amqp://guest:guest@127.0.0.1:5672'], queue: process.env.ORDER_QUEUE ?? 'order_queue', queueOptions: { durable: true } } });
  await app.listen();
})();
