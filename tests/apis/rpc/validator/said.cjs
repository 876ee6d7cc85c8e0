// What NestJS's ValidationPipe says of the bodies on stdin, one JSON array [kind, text] a line: [[kind, text, answer], …].
const N = process.argv[2] + '/';
require(N+'reflect-metadata');
const {IsUUID,IsInt,Min,Max,IsNumber,IsArray,ArrayMinSize,ValidateNested,IsString,IsNotEmpty}=require(N+'class-validator');
const {Type}=require(N+'class-transformer');
const {ValidationPipe}=require(N+'@nestjs/common');
function field(C,name,type,...decs){Reflect.defineMetadata('design:type',type,C.prototype,name);for(const d of decs.reverse())d(C.prototype,name)}
class OrderItemDto{} field(OrderItemDto,'productId',String,IsUUID());field(OrderItemDto,'quantity',Number,IsInt(),Min(1));field(OrderItemDto,'price',Number,IsNumber({maxDecimalPlaces:2}),Min(0));
class CreateOrderDto{} field(CreateOrderDto,'items',Array,IsArray(),ArrayMinSize(1),ValidateNested({each:true}),Type(()=>OrderItemDto));field(CreateOrderDto,'total',Number,IsNumber({maxDecimalPlaces:2}),Min(0));
class CreateProductDto{} field(CreateProductDto,'name',String,IsString(),IsNotEmpty());field(CreateProductDto,'sku',String,IsString(),IsNotEmpty());field(CreateProductDto,'stock',Number,IsInt(),Min(0));
class CreatePaymentDto{} field(CreatePaymentDto,'orderId',String,IsUUID());field(CreatePaymentDto,'amount',Number,IsNumber({maxDecimalPlaces:2}),Min(0));
const pipe=new ValidationPipe({whitelist:true,transform:true});
const K={order:CreateOrderDto,product:CreateProductDto,payment:CreatePaymentDto};
async function run(kind,text){let v;try{v=JSON.parse(text)}catch(e){return {notJson:true}}
 try{const r=await pipe.transform(v,{type:'body',metatype:K[kind]});return {dto:JSON.parse(JSON.stringify(r))}}catch(e){if(!e.getResponse)return {crash:String(e)};return {messages:e.getResponse().message}}}
(async()=>{const lines=require('fs').readFileSync(0,'utf8').split('\n').filter(Boolean);const out=[];for(const l of lines){const [kind,text]=JSON.parse(l);out.push([kind,text,await run(kind,text)])}console.log(JSON.stringify(out))})();
